//! What every other crate stands on: typed ids, money, time, counts, shares, tables and the
//! shapes of commands, events and rejections.
//!
//! It is pure: no clock, no randomness, no I/O. It knows nothing of any domain. Start at
//! [`context`] for the shape every domain follows, at [`table`] for how state is kept so that
//! a fork copies pointers rather than rows.

pub mod clock;
pub mod confidential;
pub mod context;
pub mod count;
pub mod country;
pub mod event;
pub mod hash;
pub mod id;
pub mod machine;
pub mod money;
pub mod node;
mod read;
pub mod rejection;
pub mod shape;
pub mod share;
pub mod table;
pub mod text;
pub mod time;
pub mod wide;

pub use clock::Clock;
pub use confidential::{Confidential, Salt, SealedRef};
pub use context::{Context, Position, Recorded};
pub use count::{GpuCount, NodeCount};
pub use country::Country;
pub use hash::Digest;
pub use id::*;
pub use machine::{Decide, Fold};
pub use money::{Currency, MicroPrice, Money, Rounding};
pub use node::{NodeRef, NodeSet, Run};
pub use rejection::{Class, Refusal};
pub use shape::{FabricLevel, Shape, Spread};
pub use share::{Share, ShareRange};
pub use table::{Handle, Table};
pub use text::{Code, Name, Text};
pub use time::{Date, DateWindow, Instant, Window, Zone};
