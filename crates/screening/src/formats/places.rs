//! Names of countries.
