//! Routes of fleet.

use crate::Route;

/// The routes.
pub fn routes() -> Vec<Route> {
    Vec::new()
}
