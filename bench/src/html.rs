//! Results as a page of their own: tables and plots, in light and dark, with nothing to be fetched.

mod chart;
mod plots;

use std::fmt::Write as _;

use crate::results::Results;
use crate::tables::{self, Section};
use chart::escape;
use plots::Plot;

const STYLE: &str = include_str!("html/style.css");

/// The page.
pub fn render(results: &Results) -> String {
    let mut page = String::new();
    head(&mut page, results);
    let plots = plots::all(results);
    if !plots.is_empty() {
        page.push_str("<div class=\"plots\">\n");
        plots.iter().for_each(|plot| figure(&mut page, plot));
        page.push_str("</div>\n");
    }
    tables::sections(results).iter().for_each(|section| table(&mut page, section));
    page.push_str(METHOD);
    page.push_str("</main>\n</html>\n");
    page
}

fn head(page: &mut String, results: &Results) {
    let heading = tables::heading(results);
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>egret bench</title>\n<style>\n{STYLE}</style>\n<main>\n\
         <h1>egret bench</h1>\n<p>{}</p>\n<dl>\n",
        escape(&heading)
    );
    let facts = [
        ("Machine", escape(&results.machine.line())),
        ("Run", format!("{} · Egret {}", date(results.started), escape(&results.egret))),
        ("Again", format!("<code>{}</code>", escape(&results.command))),
    ];
    for (name, fact) in facts {
        let _ = writeln!(page, "<dt>{name}</dt><dd>{fact}</dd>");
    }
    page.push_str("</dl>\n<h2>Plots</h2>\n");
}

fn figure(page: &mut String, plot: &Plot) {
    let _ = write!(
        page,
        "<figure>\n<h3>{}</h3>\n<figcaption>{}</figcaption>\n{}\n<div class=\"legend\">",
        escape(&plot.title),
        plot.caption,
        plot.svg
    );
    for (at, name) in plot.legend.iter().enumerate() {
        if plot.guide != Some(at) {
            let colour = at % chart::COLOURS;
            let _ = write!(page, "<span><i class=\"c{colour}\"></i>{}</span>", escape(name));
        }
    }
    page.push_str("</div>\n</figure>\n");
}

fn table(page: &mut String, section: &Section) {
    let _ = writeln!(page, "<h2>{}</h2>", escape(&section.title));
    if let Some((head, rows)) = section.rows.split_first() {
        let cells = |tag: &str, row: &[String]| {
            let cells = row.iter().map(|cell| format!("<{tag}>{}</{tag}>", escape(cell)));
            cells.collect::<String>()
        };
        let _ = writeln!(
            page,
            "<div class=\"table\"><table>\n<thead><tr>{}</tr></thead>\n<tbody>",
            cells("th", head)
        );
        for row in rows {
            let _ = writeln!(page, "<tr>{}</tr>", cells("td", row));
        }
        page.push_str("</tbody></table></div>\n");
    }
    if !section.notes.is_empty() {
        page.push_str("<ul class=\"faint\">\n");
        for note in &section.notes {
            let _ = writeln!(page, "<li>{}</li>", escape(note));
        }
        page.push_str("</ul>\n");
    }
}

const METHOD: &str = "<h2>How to read it</h2>\n<ul class=\"faint\">\n\
<li><b>Limit</b>: the bare hit path over the same packets and flows: parse, hash, bucket, session, \
full key, rewrite by differences, counters, a queue. No connection is tracked, no timer kept, no \
drop named.</li>\n\
<li><b>Generator</b>: drawing packets into buffers. Limit and dataplane are given without it.</li>\n\
<li>Each round measures generator, limit and dataplane one after the other, so that what the machine \
does from minute to minute meets all three. Times are CPU time of the thread; the least of all \
rounds is the one that was disturbed least.</li>\n\
<li>Packets come from memory and go to memory: no network device is part of any figure.</li>\n\
</ul>\n";

/// A point in time as people write it, in UTC.
fn date(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Howard Hinnant's civil_from_days: eras of 400 years that begin in March.
    let z = days as i64 + 719_468;
    let (era, day_of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", rest / 3_600, rest / 60 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    /// Every element that is opened is closed, in order.
    fn assert_well_formed(page: &str) {
        let mut open: Vec<String> = Vec::new();
        for tag in page.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap();
            let name: String =
                tag.chars().take_while(|c| c.is_alphanumeric() || *c == '/' || *c == '!').collect();
            if let Some(name) = name.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(name), "{tag}");
            } else if !tag.ends_with('/') && !["!doctype", "meta"].contains(&name.as_str()) {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }

    #[test]
    fn a_page_has_a_plot_for_everything_that_was_measured() {
        let results = sample::results();
        let page = render(&results);
        assert_well_formed(&page);
        for title in [
            "Throughput over live flows",
            "Nanoseconds a packet against the limit",
            "Latency over load · flows 64k",
            "Latency by percentile · flows 1M",
            "Closed loop",
            "Churn",
        ] {
            assert!(page.contains(title), "{title}");
        }
        // A plot of throughput, one of the limit, two for each search, one of the open loops.
        assert_eq!(page.matches("<svg").count(), 2 + 2 * results.points.len() + 1);
    }

    #[test]
    fn a_page_fetches_nothing_and_escapes_names() {
        let page = render(&sample::results());
        for word in ["http:", "https:", "src=", "url(", "@import", "<script"] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("Some &lt;CPU&gt;"));
        assert!(page.contains("prefers-color-scheme: dark"));
    }

    #[test]
    fn scaling_over_workers_has_its_guide() {
        let mut results = sample::results();
        results.sweeps = vec!["workers=1,2,4".parse().unwrap()];
        for (point, workers) in results.points.iter_mut().zip([1, 2, 4]) {
            point.job.workers = workers;
        }
        let page = render(&results);
        assert!(page.contains("Throughput over workers"));
        assert!(page.contains("class=\"ideal\""));
    }

    #[test]
    fn no_figure_is_no_number() {
        let page = render(&sample::results());
        assert!(!page.contains("NaN") && !page.contains(">inf") && !page.contains(",inf"));
    }

    #[test]
    fn dates_are_civil() {
        assert_eq!(date(0), "1970-01-01 00:00 UTC");
        assert_eq!(date(951_827_696), "2000-02-29 12:34 UTC");
        assert_eq!(date(1_700_000_000), "2023-11-14 22:13 UTC");
    }
}
