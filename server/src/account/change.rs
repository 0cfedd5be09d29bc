//! A change of the account: all of it, or nothing.
//!
//! A handler works on the account itself, as if nothing could go wrong. When it gives back an error,
//! everything is as it was; when it does not, all rows that it touched are stored together.

use std::ops::{Deref, DerefMut};

use super::Account;
use super::app_runner::Operation;
use super::client_tokens::ClientToken;
use super::flow_logs::FlowLog;
use super::ids::Ids;
use super::network_insights::{Analysis, Path, UnderWay};
use super::table::{Row, Write};
use super::time::Timestamp;
use super::timers::Timer;

/// Kinds of rows that no packet ever meets.
const ASIDE: [&str; 7] = [
    Operation::KIND,
    Timer::KIND,
    ClientToken::KIND,
    Path::KIND,
    Analysis::KIND,
    UnderWay::KIND,
    FlowLog::KIND,
];

/// The account while it is changed.
#[derive(Debug)]
pub struct Change<'a> {
    account: &'a mut Account,
    /// When the change happens.
    pub now: Timestamp,
    /// Ids for what it makes.
    pub ids: Ids,
}

/// A change that was accepted.
#[derive(Debug)]
pub struct Accepted<T> {
    /// What came of it.
    pub value: T,
    /// The account's revision that has it.
    pub revision: u64,
    /// What is to be stored; nothing where nothing was touched.
    pub writes: Vec<Write>,
}

impl Deref for Change<'_> {
    type Target = Account;

    fn deref(&self) -> &Account {
        self.account
    }
}

impl DerefMut for Change<'_> {
    fn deref_mut(&mut self) -> &mut Account {
        self.account
    }
}

impl Account {
    /// Runs a change to its end, or undoes it.
    ///
    /// # Errors
    /// What the change says. Then nothing has changed.
    pub fn change<T, E>(
        &mut self,
        now: Timestamp,
        run: impl FnOnce(&mut Change<'_>) -> Result<T, E>,
    ) -> Result<Accepted<T>, E> {
        let ids = Ids::new(self.identity.seed, self.revision + 1);
        match run(&mut Change { account: self, now, ids }) {
            Ok(value) => Ok(self.accept(value)),
            Err(error) => {
                self.undo();
                Err(error)
            }
        }
    }

    /// Runs a change to its end, and undoes it whatever came of it.
    ///
    /// # Errors
    /// What the change says.
    pub fn try_out<T, E>(
        &mut self,
        now: Timestamp,
        run: impl FnOnce(&mut Change<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let ids = Ids::new(self.identity.seed, self.revision + 1);
        let outcome = run(&mut Change { account: self, now, ids });
        self.undo();
        outcome
    }

    fn accept<T>(&mut self, value: T) -> Accepted<T> {
        let mut writes = Vec::new();
        self.each_table(|table| {
            table.writes(&mut writes);
            table.keep();
        });
        self.revision += u64::from(!writes.is_empty());
        if writes.iter().any(|write| !ASIDE.contains(&write.kind)) {
            self.network = self.revision;
        }
        Accepted { value, revision: self.revision, writes }
    }

    fn undo(&mut self) {
        self.each_table(|table| table.undo());
    }
}
