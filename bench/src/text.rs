//! Results for a terminal: tables with units, and what is needed to run it again.

use std::fmt::Write as _;

use crate::results::Results;
use crate::tables::{heading, sections};

/// The results as text.
pub fn render(results: &Results) -> String {
    let mut text = format!("{}\n", heading(results));
    for section in sections(results) {
        let _ = writeln!(text, "\n{}", section.title);
        table(&mut text, &section.rows);
        for note in &section.notes {
            let _ = writeln!(text, "  {note}");
        }
    }
    let seed = results.points.first().map_or(0, |point| point.job.seed);
    let (machine, command) = (results.machine.line(), &results.command);
    let _ = write!(text, "\n{machine}\nseed {seed}: {command}\n");
    text
}

/// Columns as wide as their widest cell, set to the right, as numbers are.
fn table(text: &mut String, rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}"));
        let _ = writeln!(text, "  {}", cells.collect::<Vec<_>>().join("  "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn everything_that_was_measured_is_there() {
        let text = render(&sample::results());
        for part in [
            "Closed loop",
            "ns/packet",
            "Open loop",
            "p99.99",
            "Highest rate without loss, flows 64k: 10.00M packets a second",
            "Churn",
            "The kernel's own NAT",
            "nat-unsolicited at nat-gateway nat",
            "Some <CPU>, 2 cores at 3.66 GHz, Linux 6.1",
            "seed 1: egret bench",
        ] {
            assert!(text.contains(part), "{part} in:\n{text}");
        }
        assert!(text.lines().all(|line| !line.ends_with(' ')), "{text}");
    }
}
