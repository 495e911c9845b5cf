//! A pool over time as a picture: what is installed against what is held, and the lots that hold
//! it. Every figure of it is in its table as well (`--table`, `--json`).

mod draw;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use bareboat_api::{capacity as wire, fleet};
use bareboat_base::{Date, Instant, Zone};
use bareboat_client::Request;
use clap::Args;
use serde_json::{Value, json};

use crate::args::Global;
use crate::exit;
use crate::session::Session;
use crate::show;
use draw::{Lot, Picture, Step};

/// Days before and after now that are shown when no window is given.
const BEFORE: i32 = -92;
const AFTER: i32 = 730;

/// Draws a pool over time: firm, option-held, unavailable and spare nodes against what is
/// installed, and below it every lot with its window and option.
#[derive(Debug, Args)]
pub struct Chart {
    /// Its label, id, or SITE:MODEL.
    pool: String,
    /// The first instant, or a civil date of the site; three months ago when left out.
    #[arg(long, value_name = "MOMENT")]
    from: Option<String>,
    /// The instant or date to end before; two years on when left out.
    #[arg(long, value_name = "MOMENT")]
    to: Option<String>,
    /// A file that ends in .svg or .png; SVG on stdout when left out.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The figures as tables.
    #[arg(long, conflicts_with = "out")]
    table: bool,
}

impl Chart {
    /// Runs it.
    pub fn run(self, global: &Global) -> Result<()> {
        let session = Session::open(global)?;
        let told = Told::ask(&session, &self)?;
        if global.json || self.table {
            return told.tables(global.json);
        }
        let svg = told.picture()?.svg();
        match &self.out {
            None => show::line(svg.trim_end()),
            Some(path) => save(path, &svg),
        }
    }
}

/// What the server tells of a pool.
struct Told {
    zone: Zone,
    now: Instant,
    calendar: wire::Calendar,
    reservations: Vec<wire::Reservation>,
}

impl Told {
    fn ask(session: &Session, chart: &Chart) -> Result<Self> {
        let client = session.client();
        let pool = format!("/v1/pools/{}", chart.pool);
        // A calendar without a beginning begins now.
        let present: wire::Calendar = client.get(Request::get(format!("{pool}/calendar")))?;
        let now = present.window.from.0;
        let zone = match &present.site_code {
            Some(site) => {
                let path = format!("/v1/sites/{}", site.0);
                client.get::<fleet::Site>(Request::get(path))?.zone.0
            }
            None => Zone::utc(),
        };
        let today = now.date_in(&zone);
        let near = |days| Ok::<_, anyhow::Error>(today.plus_days(days)?.to_string());
        let from = chart.from.clone().map_or_else(|| near(BEFORE), Ok)?;
        let to = chart.to.clone().map_or_else(|| near(AFTER), Ok)?;
        let calendar = Request::get(format!("{pool}/calendar"));
        let calendar = calendar.with("from", from).with("to", to);
        let calendar: wire::Calendar = client.get(calendar)?;
        let held = Request::get("/v1/reservations").with("pool", &present.pool_label);
        let mut reservations = Vec::new();
        for page in client.pages(held) {
            for row in page? {
                reservations.push(serde_json::from_value(row)?);
            }
        }
        Ok(Self {
            zone,
            now,
            calendar,
            reservations,
        })
    }

    fn window(&self) -> (i64, i64) {
        let window = &self.calendar.window;
        (window.from.0.micros(), window.to.0.micros())
    }

    /// The lots that hold something within the window, by beginning. They bear the contract's
    /// reference: whose it is, is not asked.
    fn lots(&self) -> Vec<Lot> {
        let (begin, end) = self.window();
        let lots = self.reservations.iter().map(|row| {
            let ended = row.ended_at.as_ref().map(|at| at.0.micros());
            let until = ended.unwrap_or(i64::MAX);
            let reference = row.contract_reference.as_ref();
            let reference = reference.map(|code| code.0.to_string());
            let reference = reference.unwrap_or_else(|| row.contract_label.clone());
            let unit = if row.nodes == 1 { "node" } else { "nodes" };
            Lot {
                label: format!("{reference} {} · {} {unit}", row.lot_label, row.nodes),
                from: row.window.from.0.micros(),
                to: row.window.to.0.micros().min(until),
                option_to: row.option.as_ref().map(|option| option.to.0.micros()),
                named: row.allocation.is_some() || ended.is_some(),
            }
        });
        let mut lots: Vec<Lot> = lots
            .filter(|lot| lot.from < lot.to && lot.from < end && lot.until() > begin)
            .collect();
        lots.sort_by(|a, b| (a.from, &a.label).cmp(&(b.from, &b.label)));
        lots
    }

    fn picture(&self) -> Result<Picture> {
        let calendar = &self.calendar;
        let code = |code: &Option<bareboat_api::wire::Code>| {
            code.as_ref()
                .map_or_else(String::new, |code| code.0.to_string())
        };
        let steps = calendar.steps.iter().map(|step| Step {
            from: step.from.0.micros(),
            to: step.to.0.micros(),
            installed: step.installed,
            levels: [step.firm, step.option, step.unavailable, step.spare],
        });
        let (site, model) = (code(&calendar.site_code), code(&calendar.model_code));
        Ok(Picture {
            title: format!("{} · {model} at {site}", calendar.pool_label),
            now: self.now.micros(),
            today: self.now.date_in(&self.zone).to_string(),
            window: self.window(),
            months: self.months()?,
            steps: steps.collect(),
            lots: self.lots(),
        })
    }

    /// The first instant of every month in the window, with its name; in the site's zone, where
    /// lots begin and end.
    fn months(&self) -> Result<Vec<(i64, String)>> {
        let (begin, end) = self.window();
        let mut month: Date = self.calendar.window.from.0.date_in(&self.zone);
        month = month.first_of_month();
        let mut months = Vec::new();
        loop {
            let at = month.start_in(&self.zone)?.micros();
            if at >= end {
                return Ok(months);
            }
            if at >= begin {
                let (year, number, _) = month.parts();
                months.push((at, format!("{year}-{number:02}")));
            }
            month = month.plus_months(1)?;
        }
    }

    fn tables(&self, as_json: bool) -> Result<()> {
        let lots: Vec<Value> = self.lots().iter().map(|lot| self.row(lot)).collect();
        if as_json {
            let mut answer = serde_json::to_value(&self.calendar)?;
            answer["now"] = json!(self.now.to_string());
            answer["lots"] = json!(lots);
            return show::line(&answer.to_string());
        }
        let steps = serde_json::to_value(&self.calendar.steps)?;
        let none = Vec::new();
        let columns = [
            "from",
            "to",
            "installed",
            "firm",
            "option",
            "unavailable",
            "spare",
            "free",
            "short",
        ];
        show::rows(steps.as_array().unwrap_or(&none), &columns, false)?;
        show::line("")?;
        show::rows(&lots, &["lot", "from", "to", "option_to", "named"], false)
    }

    fn row(&self, lot: &Lot) -> Value {
        let instant = |micros| Instant::from_micros(micros).map(|at| at.to_string()).ok();
        json!({
            "lot": lot.label,
            "from": instant(lot.from),
            "to": instant(lot.to),
            "option_to": lot.option_to.and_then(instant),
            "named": lot.named,
        })
    }
}

fn save(path: &Path, svg: &str) -> Result<()> {
    let shown = path.display();
    let bytes = match path.extension().and_then(|end| end.to_str()) {
        Some("svg") => svg.as_bytes().to_vec(),
        Some("png") => png(svg)?,
        _ => {
            let hint = "name the file by what it is to hold";
            let problem = format!("{shown} ends in neither .svg nor .png");
            return Err(exit::usage(problem, hint));
        }
    };
    std::fs::write(path, bytes).with_context(|| format!("could not write {shown}"))?;
    show::note(&format!("{shown} is written"));
    Ok(())
}

/// The picture in pixels, two for each unit. Letters are of a font of this machine.
fn png(svg: &str) -> Result<Vec<u8>> {
    use resvg::{tiny_skia, usvg};
    let mut options = usvg::Options::default();
    options.fontdb_mut().load_system_fonts();
    if options.fontdb.is_empty() {
        let hint = "install one (on Debian: fonts-dejavu-core), or write .svg";
        return Err(exit::usage("this machine has no font".to_owned(), hint));
    }
    let family = options.fontdb.faces().find_map(|face| {
        let (name, _) = face.families.first()?;
        Some(name.clone())
    });
    if let Some(family) = family {
        options.fontdb_mut().set_sans_serif_family(family);
    }
    let tree = usvg::Tree::from_str(svg, &options)?;
    let size = tree.size().to_int_size().scale_by(2.0);
    let size = size.ok_or_else(|| anyhow!("the picture has no size"))?;
    let pixels = tiny_skia::Pixmap::new(size.width(), size.height());
    let mut pixels = pixels.ok_or_else(|| anyhow!("the picture is too large"))?;
    let twice = tiny_skia::Transform::from_scale(2.0, 2.0);
    resvg::render(&tree, twice, &mut pixels.as_mut());
    Ok(pixels.encode_png()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_becomes_pixels_where_there_is_a_font() {
        let golden = include_str!("chart/golden.svg");
        match png(golden) {
            Ok(bytes) => {
                assert!(bytes.starts_with(b"\x89PNG"));
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("pool.png");
                save(&path, golden).unwrap();
                assert_eq!(std::fs::read(&path).unwrap(), bytes);
                save(&folder.path().join("pool.gif"), golden).unwrap_err();
                if let Some(kept) = std::env::var_os("CHART_PNG") {
                    std::fs::write(kept, bytes).unwrap();
                }
            }
            Err(error) => assert!(error.to_string().contains("no font"), "{error}"),
        }
    }
}
