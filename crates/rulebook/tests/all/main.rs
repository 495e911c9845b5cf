//! Tests of the rulebook crate, in one binary: the shipped rules, the evaluator, the decisions.

mod common;
mod decisions;
mod examples;
mod fail_closed;
mod golden;
mod logic;
mod shipped;
mod shipped_more;
