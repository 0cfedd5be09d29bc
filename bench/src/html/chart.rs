//! Plots as SVG: lines over a scale, and bars in groups. Colours are the page's, so that they follow
//! light and dark.

use std::fmt::Write as _;

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 44.0;
/// Lines with more points than these have no marks: a curve, not measurements one by one.
const MARKED: usize = 12;
/// The widest bar; one group alone may have wider ones.
const BAR: f64 = 46.0;
/// Colours that the page has.
pub(super) const COLOURS: usize = 6;

/// How values become places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// From zero on.
    Linear,
    /// Each step multiplies.
    Log,
}

/// An axis.
pub(super) struct Axis {
    /// What it says.
    pub(super) label: &'static str,
    /// How values become places.
    pub(super) scale: Scale,
    /// How a value is written.
    pub(super) text: fn(f64) -> String,
    /// Where its marks are, if not at round numbers.
    pub(super) ticks: Option<Vec<f64>>,
}

/// A line.
pub(super) struct Series {
    /// What it is called.
    pub(super) name: String,
    /// Its points, by growing x.
    pub(super) points: Vec<(f64, f64)>,
    /// Whether nobody measured it: it is drawn as a guide, without marks.
    pub(super) ideal: bool,
}

/// Lines over a scale.
pub(super) struct Lines {
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) series: Vec<Series>,
}

/// Bars in groups, each bar with its value.
pub(super) struct Bars {
    pub(super) y: Axis,
    /// How the value of a bar is written.
    pub(super) value: fn(f64) -> String,
    /// Names of the bars of a group.
    pub(super) names: Vec<&'static str>,
    /// Groups: what stands below, and a value for each name.
    pub(super) groups: Vec<(String, Vec<f64>)>,
}

/// The part of an axis that is seen.
struct Range {
    scale: Scale,
    low: f64,
    high: f64,
}

impl Range {
    fn of(axis: &Axis, values: impl Iterator<Item = f64> + Clone) -> Range {
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(f64::NEG_INFINITY, f64::max).max(f64::MIN_POSITIVE);
        let (low, high) = match axis.scale {
            Scale::Linear => (0.0, high * 1.08),
            Scale::Log => (low.max(1e-9), high.max(low * 1.5)),
        };
        Range { scale: axis.scale, low, high }
    }

    /// Widened to whole decades' simple parts, so that the curve does not touch the edge.
    fn padded(self) -> Range {
        match self.scale {
            Scale::Linear => self,
            Scale::Log => Range { low: self.low / 1.3, high: self.high * 1.3, ..self },
        }
    }

    /// From 0 at the low end to 1 at the high one.
    fn place(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value / self.low).ln() / (self.high / self.low).ln(),
        }
    }

    fn ticks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Linear => linear_ticks(self.high),
            Scale::Log => log_ticks(self.low, self.high),
        }
    }
}

/// Four to nine round numbers from zero on.
fn linear_ticks(high: f64) -> Vec<f64> {
    let rough = high / 5.0;
    let decade = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| decade * factor >= rough);
    let step = decade * factor.unwrap_or(10.0);
    (0..).map(|n| n as f64 * step).take_while(|tick| *tick <= high).collect()
}

/// Powers of ten; with their doubles and halves where there are few.
fn log_ticks(low: f64, high: f64) -> Vec<f64> {
    let decades = (low.log10().floor() as i32)..=(high.log10().ceil() as i32);
    let parts: &[f64] = if high / low > 300.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let all = decades.flat_map(|decade| parts.iter().map(move |part| part * 10_f64.powi(decade)));
    all.filter(|tick| (low..=high).contains(tick)).collect()
}

fn at_x(share: f64) -> f64 {
    LEFT + share * (WIDTH - LEFT - RIGHT)
}

fn at_y(share: f64) -> f64 {
    HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
}

impl Lines {
    /// The names of the lines, with their colours.
    pub(super) fn legend(&self) -> Vec<&str> {
        self.series.iter().map(|series| series.name.as_str()).collect()
    }

    /// The plot.
    pub(super) fn svg(&self) -> String {
        let points = || self.series.iter().flat_map(|series| series.points.iter());
        let x = Range::of(&self.x, points().map(|point| point.0)).padded();
        let y = Range::of(&self.y, points().map(|point| point.1)).padded();
        let mut svg = open(&self.y, &y);
        let ticks = self.x.ticks.clone().unwrap_or_else(|| x.ticks());
        for tick in ticks {
            let place = at_x(x.place(tick));
            let _ = writeln!(
                svg,
                r#"<text x="{place:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
                HEIGHT - BOTTOM + 17.0,
                (self.x.text)(tick)
            );
        }
        let _ = writeln!(
            svg,
            r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
            at_x(0.5),
            HEIGHT - 8.0,
            self.x.label
        );
        for (at, series) in self.series.iter().enumerate() {
            self.line(&mut svg, at, series, |point| {
                (at_x(x.place(point.0)), at_y(y.place(point.1)))
            });
        }
        svg + "</svg>"
    }

    fn line(
        &self,
        svg: &mut String,
        at: usize,
        series: &Series,
        place: impl Fn(&(f64, f64)) -> (f64, f64),
    ) {
        let places = series.points.iter().map(|point| {
            let (x, y) = place(point);
            format!("{x:.1},{y:.1}")
        });
        let class = if series.ideal { "ideal".to_owned() } else { format!("c{}", at % COLOURS) };
        let path = places.collect::<Vec<_>>().join(" ");
        let _ = writeln!(svg, r#"<polyline class="{class}" points="{path}"/>"#);
        if series.ideal || series.points.len() > MARKED {
            return;
        }
        for point in &series.points {
            let (x, y) = place(point);
            let name = escape(&series.name);
            let (at_x, at_y) = ((self.x.text)(point.0), (self.y.text)(point.1));
            let _ = writeln!(
                svg,
                r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="3.5"><title>{name}: {at_y} at {at_x}</title></circle>"#
            );
        }
    }
}

impl Bars {
    /// The names of the bars of a group, with their colours.
    pub(super) fn legend(&self) -> Vec<&str> {
        self.names.clone()
    }

    /// The plot.
    pub(super) fn svg(&self) -> String {
        let values = self.groups.iter().flat_map(|(_, values)| values.iter().copied());
        let y = Range::of(&self.y, values);
        let mut svg = open(&self.y, &y);
        let group = (WIDTH - LEFT - RIGHT) / self.groups.len().max(1) as f64;
        let widest = if self.groups.len() == 1 { 2.0 * BAR } else { BAR };
        let bar = (group * 0.72 / self.names.len().max(1) as f64).min(widest);
        for (at, (name, values)) in self.groups.iter().enumerate() {
            let middle = LEFT + group * (at as f64 + 0.5);
            let first = middle - bar * values.len() as f64 / 2.0;
            for (n, value) in values.iter().enumerate() {
                self.bar(&mut svg, n, first + bar * n as f64, bar, *value, at_y(y.place(*value)));
            }
            let _ = writeln!(
                svg,
                r#"<text x="{middle:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
                HEIGHT - BOTTOM + 17.0,
                escape(name)
            );
        }
        svg + "</svg>"
    }

    fn bar(&self, svg: &mut String, n: usize, left: f64, width: f64, value: f64, top: f64) {
        let text = (self.value)(value);
        let _ = writeln!(
            svg,
            r#"<rect class="bar c{}" x="{:.1}" y="{top:.1}" width="{:.1}" height="{:.1}" rx="2"><title>{}: {text}</title></rect>"#,
            n % COLOURS,
            left + 1.0,
            (width - 2.0).max(1.0),
            (at_y(0.0) - top).max(0.0),
            self.names[n],
        );
        if width >= 22.0 {
            let _ = writeln!(
                svg,
                r#"<text class="value" x="{:.1}" y="{:.1}" text-anchor="middle">{text}</text>"#,
                left + width / 2.0,
                top - 4.0
            );
        }
    }
}

/// The frame: lines across with what they mean, and the axis's name above them.
fn open(axis: &Axis, range: &Range) -> String {
    let mut svg =
        format!(r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{}">"#, axis.label);
    let _ = write!(svg, "\n<text x=\"0\" y=\"14\">{}</text>\n", axis.label);
    for tick in range.ticks() {
        let y = at_y(range.place(tick));
        let class = if tick == 0.0 { "axis" } else { "grid" };
        let _ = writeln!(
            svg,
            r#"<line class="{class}" x1="{LEFT}" x2="{:.1}" y1="{y:.1}" y2="{y:.1}"/><text x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
            WIDTH - RIGHT,
            LEFT - 8.0,
            y + 4.0,
            (axis.text)(tick)
        );
    }
    svg
}

/// A text where it cannot be taken for markup.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(linear_ticks(47.0), [0.0, 10.0, 20.0, 30.0, 40.0]);
        assert_eq!(linear_ticks(0.9), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8]);
        assert_eq!(log_ticks(900.0, 9e6), [1e3, 1e4, 1e5, 1e6]);
        assert_eq!(log_ticks(90.0, 600.0), [100.0, 200.0, 500.0]);
    }

    #[test]
    fn places_are_within_the_frame() {
        let axis = |scale| Axis { label: "", scale, text: |value| value.to_string(), ticks: None };
        for scale in [Scale::Linear, Scale::Log] {
            let values = [3.0, 40.0, 1_000.0];
            let range = Range::of(&axis(scale), values.into_iter()).padded();
            for value in values {
                assert!((0.0..=1.0).contains(&range.place(value)), "{value} {scale:?}");
            }
        }
    }

    #[test]
    fn names_are_no_markup() {
        assert_eq!(escape("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
    }
}
