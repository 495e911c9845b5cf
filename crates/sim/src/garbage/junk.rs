//! Values at the edges of their types.

use std::hash::Hash;

use bareboat_base::{
    Confidential, Currency, Date, DateWindow, Handle, Instant, MicroPrice, Money, NodeCount,
    NodeSet, Run, SealedRef, Share, ShareRange, SiteId, Table, Text, TypedId, Window,
};
use bareboat_book::State;

use crate::commands::{BEGIN, DAY};
use crate::rng::Rng;
use crate::words::text;

pub(super) struct Junk<'a> {
    pub rng: &'a mut Rng,
    pub state: &'a State,
}

impl Junk<'_> {
    /// A key of the table, most of the time; otherwise a key of another table, or of none.
    pub fn id<I, V>(&mut self, table: &Table<I, V>) -> I
    where
        I: TypedId,
        V: Clone,
    {
        if self.rng.chance(750)
            && let Some(id) = self.key(table)
        {
            return id;
        }
        if self.rng.chance(500)
            && let Some(other) = self.key(&self.state.parties.parties)
        {
            return I::from_uuid(other.uuid());
        }
        self.rng.any_id()
    }

    fn key<K, V>(&mut self, table: &Table<K, V>) -> Option<K>
    where
        K: Copy + Eq + Hash,
        V: Clone,
    {
        let len = u32::try_from(table.len()).unwrap_or(u32::MAX);
        table.at(Handle(self.rng.below(len))).map(|(key, _)| *key)
    }

    pub fn instant(&mut self) -> Instant {
        // The ends of the calendar, the epoch, and days around the book's own.
        let micros = match self.rng.below(8) {
            0 => -62_135_424_000_000_000,
            1 => 253_402_207_200_999_999,
            2 => 0,
            _ => BEGIN + (i64::from(self.rng.below(1_000)) - 300) * DAY,
        };
        Instant::from_micros(micros).unwrap_or_else(|_| crate::commands::instant(BEGIN))
    }

    pub fn date(&mut self) -> Date {
        let (year, month, day) = match self.rng.below(8) {
            0 => (1, 1, 1),
            1 => (9999, 12, 31),
            2 => (1970, 1, 1),
            _ => (
                2026 + self.rng.below(3) as i16,
                1 + self.rng.below(12) as i8,
                1 + self.rng.below(28) as i8,
            ),
        };
        Date::new(year, month, day).expect("a date")
    }

    pub fn window(&mut self) -> Window {
        loop {
            let (from, to) = (self.instant(), self.instant());
            if let Ok(window) = Window::new(from, to) {
                return window;
            }
        }
    }

    pub fn dates(&mut self) -> DateWindow {
        loop {
            let (from, to) = (self.date(), self.date());
            if let Ok(window) = DateWindow::new(from, to) {
                return window;
            }
        }
    }

    pub fn number(&mut self) -> u32 {
        match self.rng.below(6) {
            0 => 0,
            1 => u32::MAX,
            2 => 1,
            _ => self.rng.below(100),
        }
    }

    pub fn nodes(&mut self) -> NodeCount {
        NodeCount(self.number())
    }

    pub fn currency(&mut self) -> Currency {
        let code = ["USD", "JPY", "BHD", "XAU"][self.rng.below(4) as usize];
        code.parse().expect("a currency")
    }

    pub fn money(&mut self) -> Money {
        let minor = match self.rng.below(7) {
            0 => i128::MAX,
            1 => i128::MIN,
            2 => 0,
            3 => -1,
            _ => i128::from(self.rng.below(1_000_000)),
        };
        Money::new(minor, self.currency())
    }

    pub fn micro(&mut self) -> MicroPrice {
        let Money { minor, currency } = self.money();
        MicroPrice {
            micro: minor,
            currency,
        }
    }

    pub fn share(&mut self) -> Share {
        let units = match self.rng.below(5) {
            0 => 0,
            1 => Share::UNITS,
            2 => 1,
            _ => self.rng.bits() % Share::UNITS,
        };
        Share::from_units(units).unwrap_or(Share::WHOLE)
    }

    pub fn shares(&mut self) -> ShareRange {
        let (one, other) = (self.share(), self.share());
        ShareRange::new(one.min(other), one.max(other)).expect("in order")
    }

    /// A few nodes, or all there could ever be.
    pub fn node_set(&mut self) -> NodeSet {
        let site: SiteId = self.id(&self.state.fleet.sites);
        let run = match self.rng.below(5) {
            0 => Run {
                first: 1,
                count: u32::MAX - 1,
            },
            1 => Run {
                first: u32::MAX - 1,
                count: 1,
            },
            _ => Run {
                first: 1 + self.rng.below(100),
                count: 1 + self.rng.below(50),
            },
        };
        NodeSet::from_runs(site, vec![run]).expect("a run")
    }

    pub fn sealed(&mut self) -> SealedRef {
        SealedRef {
            id: self.rng.any_id(),
            party: self.id(&self.state.parties.parties),
            commitment: self.rng.digest(),
        }
    }

    pub fn confidential(&mut self) -> Confidential<Text> {
        if self.rng.chance(500) {
            Confidential::Sealed(self.sealed())
        } else {
            Confidential::Open(text("x"))
        }
    }

    /// `Some` half of the time.
    pub fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.rng.chance(500).then(|| make(self))
    }

    /// None to three of them.
    pub fn several<T>(&mut self, make: impl Fn(&mut Self) -> T) -> Vec<T> {
        (0..self.rng.below(4)).map(|_| make(self)).collect()
    }
}
