//! Routes of screening.

use crate::Route;

/// The routes.
pub fn routes() -> Vec<Route> {
    Vec::new()
}
