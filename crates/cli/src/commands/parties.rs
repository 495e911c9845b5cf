//! Commands of parties.
