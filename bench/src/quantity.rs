//! Numbers as people write them: `64k` flows, `2.5M` packets a second, `500ms`.

/// A count: `64000`, `64k`, `1M`, `1.5M`, `1_000`. Suffixes are decimal.
///
/// # Errors
/// What a count looks like, when this is none.
pub fn count(text: &str) -> Result<u64, String> {
    let number = scaled(text).filter(|number| number.fract() == 0.0 && *number < 1e15);
    let message = || format!("`{text}` is no count: write 64000, 64k or 1.5M");
    number.map(|number| number as u64).ok_or_else(message)
}

/// A rate, each second: `1M`, `250k`, `1M/s`.
///
/// # Errors
/// What a rate looks like, when this is none.
pub fn rate(text: &str) -> Result<f64, String> {
    let number = scaled(text.strip_suffix("/s").unwrap_or(text)).filter(|rate| *rate > 0.0);
    number.ok_or_else(|| format!("`{text}` is no rate: write 250k or 1.5M, each second"))
}

/// A span in seconds: `5s`, `500ms`, `2m`; a bare number is seconds.
///
/// # Errors
/// What a span looks like, when this is none.
pub fn seconds(text: &str) -> Result<f64, String> {
    let units = [("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("", 1.0)];
    let read = |(unit, factor): &(&str, f64)| Some(plain(text.strip_suffix(unit)?)? * factor);
    let span = units.iter().find_map(read).filter(|span| *span > 0.0);
    span.ok_or_else(|| format!("`{text}` is no span of time: write 5s, 500ms or 2m"))
}

/// A share in percent: `10`, `0.5%`.
///
/// # Errors
/// What a share looks like, when this is none.
pub fn percent(text: &str) -> Result<f64, String> {
    let number = plain(text.strip_suffix('%').unwrap_or(text));
    let share = number.filter(|share| (0.0..=100.0).contains(share));
    share.ok_or_else(|| format!("`{text}` is no share: write a percentage from 0 to 100"))
}

/// A count as it is written shortest: `64k`, `1.5M`, `65536`.
pub fn short(count: u64) -> String {
    let units = [(1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")];
    let fits =
        units.iter().find(|(unit, _)| count >= *unit && (count * 1_000).is_multiple_of(*unit));
    match fits {
        Some((unit, suffix)) if (count * 10).is_multiple_of(*unit) => {
            format!("{}{suffix}", count as f64 / *unit as f64)
        }
        _ => count.to_string(),
    }
}

/// A count in groups of three digits: `65,536`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Nanoseconds in a unit that suits them: `340 ns`, `12.5 µs`, `1.2 ms`.
pub fn span(nanos: f64) -> String {
    let (value, unit) = match nanos {
        n if n < 1e3 => (n, "ns"),
        n if n < 1e6 => (n / 1e3, "µs"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    match value {
        v if v >= 100.0 || unit == "ns" => format!("{v:.0} {unit}"),
        v if v >= 10.0 => format!("{v:.1} {unit}"),
        v => format!("{v:.2} {unit}"),
    }
}

/// A figure with as many digits as a measurement has: five.
pub fn figure(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

fn scaled(text: &str) -> Option<f64> {
    let suffixes = [('k', 1e3), ('K', 1e3), ('M', 1e6), ('G', 1e9)];
    let found =
        suffixes.iter().find_map(|(suffix, scale)| Some((text.strip_suffix(*suffix)?, scale)));
    let (digits, scale) = found.unwrap_or((text, &1.0));
    Some(plain(digits)? * scale)
}

/// Digits with at most one point between them; underscores do not count.
fn plain(text: &str) -> Option<f64> {
    let digits = text.replace('_', "");
    let fine = |c: char| c.is_ascii_digit() || c == '.';
    (digits.starts_with(|c: char| c.is_ascii_digit()) && digits.chars().all(fine))
        .then(|| digits.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_decimal_suffixes() {
        let read =
            [("0", 0), ("64000", 64_000), ("64k", 64_000), ("1.5M", 1_500_000), ("1_000", 1_000)];
        for (text, value) in read {
            assert_eq!(count(text), Ok(value));
        }
        for text in ["", "k", "-1", "1.5", "64kb", "1e6", "1.2.3k", "inf", "NaN"] {
            assert!(count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rates_may_say_that_they_are_each_second() {
        assert_eq!(rate("1.5M"), Ok(1_500_000.0));
        assert_eq!(rate("10/s"), Ok(10.0));
        assert!(rate("0").is_err());
        assert!(rate("10/m").is_err());
    }

    #[test]
    fn spans_have_units() {
        for (text, value) in [("5s", 5.0), ("500ms", 0.5), ("2m", 120.0), ("0.2", 0.2)] {
            assert_eq!(seconds(text), Ok(value));
        }
        for text in ["0", "0s", "s", "5h", "-1s"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_are_percentages() {
        assert_eq!(percent("0.5%"), Ok(0.5));
        assert_eq!(percent("100"), Ok(100.0));
        assert!(percent("101").is_err());
    }

    #[test]
    fn numbers_are_written_to_be_read() {
        let counts =
            [(0, "0"), (999, "999"), (64_000, "64k"), (1_500_000, "1.5M"), (65_536, "65536")];
        for (number, text) in counts {
            assert_eq!(short(number), text);
            assert_eq!(count(&short(number)), Ok(number));
        }
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(12), "12");
        assert_eq!(span(340.4), "340 ns");
        assert_eq!(span(12_500.0), "12.5 µs");
        assert_eq!(span(1.2e9), "1.20 s");
        assert_eq!([figure(16.123456), figure(0.0), figure(123_456.7)], [16.123, 0.0, 123_460.0]);
    }
}
