//! Wire types of parties.
