//! Restricted-party lists, screenings, hits.

mod hits;
mod lists;
mod loaded;
mod screen;

pub use loaded::Cache;

use crate::Route;

/// The routes.
pub fn routes() -> Vec<Route> {
    let mut all = lists::routes();
    all.extend(screen::routes());
    all.extend(hits::routes());
    all
}
