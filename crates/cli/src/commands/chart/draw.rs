//! The picture as SVG: nothing but text from figures, so that it can be compared byte by byte.

use std::fmt::Write as _;

/// A stretch over which counts do not change. Instants are microseconds.
pub(super) struct Step {
    pub from: i64,
    pub to: i64,
    pub installed: u32,
    /// Firm, option, unavailable, spare: from below.
    pub levels: [u32; 4],
}

/// A lot's bar.
pub(super) struct Lot {
    pub label: String,
    pub from: i64,
    pub to: i64,
    pub option_to: Option<i64>,
    /// Whether its nodes are named.
    pub named: bool,
}

impl Lot {
    /// The end of the bar, option included.
    pub fn until(&self) -> i64 {
        self.option_to.unwrap_or(self.to).max(self.to)
    }
}

/// All that is drawn.
pub(super) struct Picture {
    pub title: String,
    pub now: i64,
    pub today: String,
    pub window: (i64, i64),
    /// The first instants of months, with their names.
    pub months: Vec<(i64, String)>,
    pub steps: Vec<Step>,
    pub lots: Vec<Lot>,
}

const LEFT: f64 = 64.0;
const RIGHT: f64 = 1176.0;
const WIDTH: f64 = 1200.0;
/// The counts' panel, from top to bottom.
const TOP: f64 = 84.0;
const BOTTOM: f64 = 344.0;
/// Where lots begin, and the height of one.
const LOTS: f64 = 388.0;
const ROW: f64 = 22.0;
/// Lots that have a bar; more are counted below.
const MOST_LOTS: usize = 60;
/// Of a letter of the labels, about.
const LETTER: f64 = 6.6;

const LEVELS: [(&str, &str); 4] = [
    ("firm", "#2f6db3"),
    ("held by options", "#a9c8ea"),
    ("unavailable", "#d9822b"),
    ("spare floor", "#b9bfc6"),
];

/// Text as SVG may hold it.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            control if control.is_control() => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}

fn width_of(text: &str) -> f64 {
    text.chars().count() as f64 * LETTER
}

/// An image in the making.
struct Svg(String);

impl Svg {
    fn put(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{line}");
    }

    fn rect(&mut self, (x, y, width, height): (f64, f64, f64, f64), style: &str) {
        self.put(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" {style}/>"#
        ));
    }

    fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), style: &str) {
        self.put(format_args!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" {style}/>"#
        ));
    }

    fn text(&mut self, (x, y): (f64, f64), style: &str, text: &str) {
        let text = escaped(text);
        self.put(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" {style}>{text}</text>"#
        ));
    }
}

impl Picture {
    /// The picture.
    pub fn svg(&self) -> String {
        let rows = self.lots.len().min(MOST_LOTS);
        let below = if self.lots.len() > rows { ROW } else { 0.0 };
        let end = LOTS + rows.max(1) as f64 * ROW + 6.0;
        let height = end + below + 34.0;
        let mut svg = Svg(String::new());
        svg.put(format_args!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0}" viewBox="0 0 {WIDTH} {height:.0}" font-family="DejaVu Sans, Helvetica, Arial, sans-serif" font-size="11" fill="#22303c">"##
        ));
        svg.put(format_args!("<title>{}</title>", escaped(&self.title)));
        svg.rect((0.0, 0.0, WIDTH, height), r##"fill="#ffffff""##);
        svg.text(
            (LEFT, 24.0),
            r#"font-size="16" font-weight="bold""#,
            &self.title,
        );
        self.legend(&mut svg);
        self.axes(&mut svg, end);
        self.counts(&mut svg);
        self.present(&mut svg, end);
        for (row, lot) in self.lots.iter().take(MOST_LOTS).enumerate() {
            self.lot(&mut svg, row, lot);
        }
        if self.lots.is_empty() {
            let style = r##"fill="#66727d""##;
            svg.text(
                (LEFT + 6.0, LOTS + 15.0),
                style,
                "no lot holds anything here",
            );
        }
        if below > 0.0 {
            let more = format!("and {} more lots: see --table", self.lots.len() - rows);
            svg.text((LEFT + 6.0, end + 15.0), r##"fill="#66727d""##, &more);
        }
        self.month_names(&mut svg, end + below + 20.0);
        svg.put(format_args!("</svg>"));
        svg.0
    }

    fn x(&self, at: i64) -> f64 {
        let (from, to) = self.window;
        let share = (at.clamp(from, to) - from) as f64 / (to - from).max(1) as f64;
        LEFT + share * (RIGHT - LEFT)
    }

    /// The highest count of the axis, and the step of its lines: 1, 2 or 5 times a power of ten.
    fn scale(&self) -> (u32, u32) {
        let highest = self.steps.iter().map(|step| {
            let held = step
                .levels
                .iter()
                .fold(0, |sum: u32, l| sum.saturating_add(*l));
            held.max(step.installed)
        });
        let highest = highest.max().unwrap_or(0).max(1);
        let mut step = 1_u32;
        for factor in [2, 5, 10].into_iter().cycle() {
            if highest.div_ceil(step) <= 6 {
                break;
            }
            let unit = 10_u32.pow(step.ilog10());
            step = unit.saturating_mul(factor);
        }
        (highest.div_ceil(step).saturating_mul(step), step)
    }

    fn y(&self, count: u32) -> f64 {
        let (most, _) = self.scale();
        BOTTOM - f64::from(count.min(most)) / f64::from(most) * (BOTTOM - TOP)
    }

    fn legend(&self, svg: &mut Svg) {
        let mut x = LEFT;
        for (name, colour) in LEVELS {
            let style = format!(r##"fill="{colour}" stroke="#66727d" stroke-width="0.5""##);
            svg.rect((x, 38.0, 12.0, 12.0), &style);
            svg.text((x + 17.0, 48.0), "", name);
            x += 17.0 + width_of(name) + 22.0;
        }
        let line = r##"stroke="#111a22" stroke-width="2""##;
        svg.line((x, 44.0), (x + 16.0, 44.0), line);
        svg.text((x + 21.0, 48.0), "", "installed");
        x += 21.0 + width_of("installed") + 22.0;
        let line = r##"stroke="#111a22" stroke-width="0.6" stroke-dasharray="3 2" fill="#ffffff""##;
        svg.rect((x, 38.0, 16.0, 12.0), line);
        svg.text((x + 21.0, 48.0), "", "a lot's open option");
        x += 21.0 + width_of("a lot's open option") + 22.0;
        svg.rect((x, 38.0, 16.0, 12.0), r##"fill="#7f9fbf""##);
        svg.text((x + 21.0, 48.0), "", "nodes not named yet");
    }

    fn axes(&self, svg: &mut Svg, end: f64) {
        let (most, step) = self.scale();
        let faint = r##"stroke="#e3e7eb" stroke-width="1""##;
        for line in 0..=most / step {
            let count = line * step;
            let y = self.y(count);
            svg.line((LEFT, y), (RIGHT, y), faint);
            let style = r##"text-anchor="end" fill="#66727d""##;
            svg.text((LEFT - 6.0, y + 4.0), style, &count.to_string());
        }
        let style = r##"text-anchor="end" fill="#66727d""##;
        svg.text((LEFT - 6.0, TOP - 12.0), style, "nodes");
        for (at, _) in self.shown_months() {
            let x = self.x(*at);
            svg.line((x, TOP), (x, end), faint);
        }
        self.month_names(svg, BOTTOM + 20.0);
    }

    /// Months whose names do not touch.
    fn shown_months(&self) -> impl Iterator<Item = &(i64, String)> {
        let fits = ((RIGHT - LEFT) / 62.0) as usize;
        let every = [1, 2, 3, 6, 12, 24, 60, 120];
        let count = self.months.len();
        let every = every.into_iter().find(|every| count / every <= fits);
        let every = every.unwrap_or(240);
        let shown = move |name: &str| {
            let (year, month) = name.split_once('-').unwrap_or((name, "1"));
            let number = |text: &str| text.parse::<usize>().unwrap_or(0);
            (number(year) * 12 + number(month).saturating_sub(1)) % every == 0
        };
        self.months.iter().filter(move |(_, name)| shown(name))
    }

    fn month_names(&self, svg: &mut Svg, y: f64) {
        for (at, name) in self.shown_months() {
            let x = self.x(*at);
            // A name in the middle of its line, and within the picture.
            let half = width_of(name) / 2.0;
            let x = x.clamp(LEFT + half - 20.0, RIGHT - half + 20.0);
            svg.text((x, y), r##"text-anchor="middle" fill="#66727d""##, name);
        }
    }

    /// Stacked counts, and the line of what is installed.
    fn counts(&self, svg: &mut Svg) {
        for (index, (_, colour)) in LEVELS.into_iter().enumerate() {
            let mut path = String::new();
            for step in &self.steps {
                let sum = |upto: usize| {
                    let levels = step.levels[..upto].iter();
                    levels.fold(0, |sum: u32, level| sum.saturating_add(*level))
                };
                let (low, high) = (self.y(sum(index)), self.y(sum(index + 1)));
                let (from, to) = (self.x(step.from), self.x(step.to));
                if low > high && to > from {
                    let _ = write!(path, "M{from:.1} {low:.1}V{high:.1}H{to:.1}V{low:.1}Z");
                }
            }
            if !path.is_empty() {
                svg.put(format_args!(r#"<path d="{path}" fill="{colour}"/>"#));
            }
        }
        let mut path = String::new();
        for step in &self.steps {
            let (from, to) = (self.x(step.from), self.x(step.to));
            let y = self.y(step.installed);
            let begin = if path.is_empty() {
                format!("M{from:.1} {y:.1}")
            } else {
                format!("V{y:.1}")
            };
            let _ = write!(path, "{begin}H{to:.1}");
        }
        svg.put(format_args!(
            r##"<path d="{path}" fill="none" stroke="#111a22" stroke-width="2"/>"##
        ));
    }

    fn lot(&self, svg: &mut Svg, row: usize, lot: &Lot) {
        let y = LOTS + row as f64 * ROW;
        let (from, to, until) = (self.x(lot.from), self.x(lot.to), self.x(lot.until()));
        let colour = if lot.named { "#2f6db3" } else { "#7f9fbf" };
        if until > to {
            let style =
                r##"fill="#ffffff" stroke="#111a22" stroke-width="0.6" stroke-dasharray="3 2""##;
            svg.rect((to, y + 2.0, until - to, ROW - 6.0), style);
        }
        let width = (to - from).max(1.5);
        svg.rect(
            (from, y + 2.0, width, ROW - 6.0),
            &format!(r#"fill="{colour}""#),
        );
        let needs = width_of(&lot.label) + 10.0;
        let base = y + 14.0;
        // Inside the bar, else behind it, else before it, else on white across it.
        if needs <= to - from {
            svg.text((from + 5.0, base), r##"fill="#ffffff""##, &lot.label);
        } else if until + needs <= RIGHT {
            svg.text((until + 5.0, base), "", &lot.label);
        } else if from - needs >= LEFT {
            svg.text((from - 5.0, base), r#"text-anchor="end""#, &lot.label);
        } else {
            let style = r##"stroke="#ffffff" stroke-width="3" paint-order="stroke""##;
            svg.text((LEFT + 5.0, base), style, &lot.label);
        }
    }

    fn present(&self, svg: &mut Svg, end: f64) {
        let (from, to) = self.window;
        if !(from..to).contains(&self.now) {
            return;
        }
        let x = self.x(self.now);
        let line = r##"stroke="#c0272d" stroke-width="1.2" stroke-dasharray="5 3""##;
        svg.line((x, TOP - 8.0), (x, BOTTOM + 4.0), line);
        svg.line((x, LOTS - 6.0), (x, end), line);
        let says = format!("today, {}", self.today);
        let half = width_of(&says) / 2.0;
        let x = x.clamp(LEFT + half, RIGHT - half);
        let style = r##"text-anchor="middle" fill="#c0272d""##;
        svg.text((x, TOP - 12.0), style, &says);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000;

    fn picture() -> Picture {
        let step = |from, to, installed, levels| Step {
            from: from * DAY,
            to: to * DAY,
            installed,
            levels,
        };
        let lot = |label: &str, from, to, option_to: Option<i64>, named| Lot {
            label: label.to_owned(),
            from: from * DAY,
            to: to * DAY,
            option_to: option_to.map(|to| to * DAY),
            named,
        };
        let months = (0..24).map(|month| {
            let name = format!("{}-{:02}", 2026 + month / 12, month % 12 + 1);
            (month * 30 * DAY, name)
        });
        Picture {
            title: "POOL-0001 · B300 at SYD".to_owned(),
            now: 100 * DAY,
            today: "2026-04-11".to_owned(),
            window: (0, 730 * DAY),
            months: months.collect(),
            steps: vec![
                step(0, 60, 313, [0, 0, 0, 20]),
                step(60, 150, 626, [512, 0, 4, 20]),
                step(150, 500, 1250, [1024, 0, 2, 20]),
                step(500, 560, 1250, [512, 640, 300, 20]),
                step(560, 730, 1250, [0, 512, 0, 20]),
            ],
            lots: vec![
                lot(
                    "C-<script>&\"1\" L-0001 · 512 nodes",
                    60,
                    560,
                    Some(730),
                    true,
                ),
                lot("C-2 L-0002 · 512 nodes", 150, 500, None, false),
                lot("C-3 L-0003 · 1 nodes", 700, 725, None, false),
            ],
        }
    }

    #[test]
    fn the_picture_is_as_it_was() {
        let svg = picture().svg();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/commands/chart/golden.svg");
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            std::fs::write(path, &svg).unwrap();
        }
        let golden = std::fs::read_to_string(path).unwrap();
        assert_eq!(svg, golden, "UPDATE_GOLDENS=1 rewrites {path}");
    }

    #[test]
    fn text_cannot_leave_its_element() {
        let svg = picture().svg();
        assert!(!svg.contains("<script>"));
        assert!(svg.contains("C-&lt;script&gt;&amp;&quot;1&quot;"));
        assert_eq!(escaped("a\u{0}b'"), "a\u{fffd}b&#39;");
    }

    #[test]
    fn an_empty_pool_and_many_lots_have_a_picture() {
        let mut empty = picture();
        empty.steps.clear();
        empty.lots.clear();
        assert!(empty.svg().contains("no lot holds anything here"));
        let mut many = picture();
        let lot = |number| Lot {
            label: format!("C-{number}"),
            from: 0,
            to: DAY,
            option_to: None,
            named: false,
        };
        many.lots = (0..70).map(lot).collect();
        assert!(many.svg().contains("and 10 more lots"));
        many.steps[0].installed = u32::MAX;
        many.svg();
    }
}
