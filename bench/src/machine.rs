//! What a run ran on: without it no figure means anything.

use std::fs;
use std::hint::black_box;
use std::time::Instant as Clock;

use serde::{Deserialize, Serialize};

/// The machine and its kernel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor as the kernel calls it.
    pub cpu: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// The kernel's name and release.
    pub kernel: String,
    /// The core's clock in MHz as measured under load, where there is a way to tell.
    pub mhz: Option<f64>,
}

impl Machine {
    /// This machine.
    pub fn read() -> Machine {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let uname = rustix::system::uname();
        Machine {
            cpu: cpu(&cpuinfo).unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: format!(
                "{} {}",
                uname.sysname().to_string_lossy(),
                uname.release().to_string_lossy()
            ),
            mhz: core_mhz(),
        }
    }

    /// The machine in one line.
    pub fn line(&self) -> String {
        let cores =
            if self.cores == 1 { "1 core".to_owned() } else { format!("{} cores", self.cores) };
        let clock = self.mhz.map_or(String::new(), |mhz| format!(" at {:.2} GHz", mhz / 1e3));
        format!("{}, {cores}{clock}, {}", self.cpu, self.kernel)
    }
}

/// The model, with family and model number where the name alone says little.
fn cpu(cpuinfo: &str) -> Option<String> {
    let field = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.split(':').next().map(str::trim) == Some(name));
        line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned())
    };
    let name = field("model name").or_else(|| field("CPU part"))?;
    let numbers = field("cpu family").zip(field("model"));
    Some(match numbers {
        Some((family, model)) => format!("{name} (family {family}, model {model})"),
        None => name,
    })
}

/// The clock of this core, by a chain of which each link takes four cycles: an exclusive-or (one)
/// and a 64-bit multiplication (three, on every x86-64 processor since 2008).
fn core_mhz() -> Option<f64> {
    const LINKS: u64 = 4_000_000;
    if !cfg!(target_arch = "x86_64") {
        return None;
    }
    let run = || {
        let (mut x, key, factor) = (black_box(1_u64), black_box(3_u64), black_box(5_u64));
        let start = Clock::now();
        for _ in 0..LINKS {
            x = (x ^ key).wrapping_mul(factor);
        }
        black_box(x);
        LINKS as f64 * 4.0 / start.elapsed().as_secs_f64() / 1e6
    };
    // The others were disturbed.
    let best = (0..5).map(|_| run()).fold(0.0, f64::max);
    // Unoptimised code is slower than the chain, and says nothing.
    (!cfg!(debug_assertions)).then_some(best.round())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_named_with_its_numbers() {
        let text = "processor\t: 0\ncpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n";
        assert_eq!(cpu(text), Some("AMD EPYC (family 26, model 2)".to_owned()));
        assert_eq!(cpu(""), None);
    }

    #[test]
    fn a_machine_is_one_line() {
        let machine =
            Machine { cpu: "X".into(), cores: 2, kernel: "Linux 6".into(), mhz: Some(3_660.0) };
        assert_eq!(machine.line(), "X, 2 cores at 3.66 GHz, Linux 6");
    }
}
