//! Where accepted changes are kept: a redb file in `--data`, or nowhere.
//!
//! One thread commits. It takes all changes that wait, writes them as one transaction, and tells each
//! of them when they are on disk: a commit's cost is shared by whoever waits for it. Changes are
//! written in the order in which they were accepted, each of them whole, so that a crash leaves the
//! account as it was after one of them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use tokio::sync::oneshot;

use crate::account::table::Write;
use crate::account::{Account, Identity, LoadError};

/// Rows, by kind and id.
const ROWS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("rows");
/// What there is to know of the account besides its rows.
const ABOUT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("about");
/// The layout of the file; a later one that this version cannot read has another number.
const FORMAT: u32 = 1;
/// Changes that may wait for the disk before others wait for them.
const WAITING: usize = 4_096;
/// Changes in one transaction.
const GROUP: usize = 1_024;

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened, read or written.
    #[error("{0}")]
    Database(#[from] redb::Error),
    /// The folder cannot be made.
    #[error("{0}")]
    Folder(#[from] std::io::Error),
    /// A row is not as it should be.
    #[error("{0}")]
    Row(#[from] LoadError),
    /// What the file says of itself cannot be read.
    #[error("the store does not say what it is: {0}")]
    About(#[from] serde_json::Error),
    /// A later version wrote it.
    #[error("the store has the format {0}; this version of Egret reads format {FORMAT}")]
    Format(u32),
}

macro_rules! from_redb {
    ($($error:ident),*) => {
        $(impl From<redb::$error> for StoreError {
            fn from(error: redb::$error) -> Self {
                StoreError::Database(error.into())
            }
        })*
    };
}
from_redb!(DatabaseError, TransactionError, TableError, StorageError, CommitError);

/// A change that waits for the disk.
struct Waiting {
    revision: u64,
    writes: Vec<Write>,
    done: oneshot::Sender<Result<(), String>>,
}

/// Tells when a change is on disk.
#[derive(Debug)]
pub struct Ticket(Option<oneshot::Receiver<Result<(), String>>>);

impl Ticket {
    /// There is nothing to wait for.
    pub const DONE: Ticket = Ticket(None);

    /// Waits for it.
    ///
    /// # Errors
    /// Why the change could not be stored.
    pub async fn durable(self) -> Result<(), String> {
        match self.0 {
            None => Ok(()),
            Some(done) => done.await.unwrap_or_else(|_| Err("the store has closed".to_owned())),
        }
    }
}

/// Takes changes, and keeps them.
#[derive(Debug)]
pub struct Store {
    queue: Option<SyncSender<Waiting>>,
    thread: Option<JoinHandle<()>>,
    committed: Arc<Committed>,
}

/// What was committed since the start: how large groups are is the one by the other.
#[derive(Debug, Default)]
pub struct Committed {
    /// Transactions.
    pub groups: AtomicU64,
    /// Changes in them.
    pub changes: AtomicU64,
}

impl Store {
    /// Keeps nothing.
    pub fn in_memory() -> Store {
        Store { queue: None, thread: None, committed: Arc::default() }
    }

    /// What was committed since the start.
    pub fn committed(&self) -> &Committed {
        &self.committed
    }

    /// Opens the store in a folder, and reads the account that it has, if it has one.
    ///
    /// # Errors
    /// When the folder or file cannot be had, or does not hold what it should.
    pub fn open(folder: &Path) -> Result<(Store, Option<Account>), StoreError> {
        std::fs::create_dir_all(folder)?;
        let database = Database::create(folder.join("account.redb"))?;
        let account = read(&database)?;
        let (queue, waiting) = sync_channel(WAITING);
        let committed = Arc::<Committed>::default();
        let counted = Arc::clone(&committed);
        let commit = move || commit_all(&database, &waiting, &counted);
        let thread = std::thread::Builder::new().name("store".to_owned()).spawn(commit)?;
        Ok((Store { queue: Some(queue), thread: Some(thread), committed }, account))
    }

    /// Writes down whose account it is, before anything else.
    ///
    /// # Errors
    /// As [`Ticket::durable`].
    pub fn begin(&self, identity: &Identity) -> Ticket {
        let row = serde_json::to_vec(identity).expect("an identity is plain data");
        let write = |id: &str, row: Vec<u8>| Write { kind: "", id: id.into(), row: Some(row) };
        let format = FORMAT.to_string().into_bytes();
        self.submit(0, vec![write("format", format), write("identity", row)])
    }

    /// Queues a change. Changes are queued in the order of their revisions.
    pub fn submit(&self, revision: u64, writes: Vec<Write>) -> Ticket {
        let Some(queue) = self.queue.as_ref().filter(|_| !writes.is_empty()) else {
            return Ticket::DONE;
        };
        let (done, ticket) = oneshot::channel();
        // Where the thread is gone, the ticket says so.
        let _ = queue.send(Waiting { revision, writes, done });
        Ticket(Some(ticket))
    }
}

impl Drop for Store {
    /// What was queued is committed.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Until nobody can queue anything any more. After a failure nothing is committed again: what
/// follows builds on what was lost.
fn commit_all(database: &Database, waiting: &Receiver<Waiting>, committed: &Committed) {
    let mut failed: Option<String> = None;
    while let Ok(first) = waiting.recv() {
        let mut group = vec![first];
        group.extend(waiting.try_iter().take(GROUP - 1));
        if failed.is_none() {
            failed = commit(database, &group).err().map(|error| error.to_string());
        }
        if failed.is_none() {
            committed.groups.fetch_add(1, Ordering::Relaxed);
            committed.changes.fetch_add(group.len() as u64, Ordering::Relaxed);
        }
        for waiting in group {
            // Whoever waited may have gone.
            let _ = waiting.done.send(failed.clone().map_or(Ok(()), Err));
        }
    }
}

fn commit(database: &Database, group: &[Waiting]) -> Result<(), StoreError> {
    let transaction = database.begin_write()?;
    {
        let mut rows = transaction.open_table(ROWS)?;
        let mut about = transaction.open_table(ABOUT)?;
        for write in group.iter().flat_map(|waiting| &waiting.writes) {
            match (&write.row, write.kind) {
                (Some(row), "") => about.insert(&*write.id, row.as_slice()).map(|_| ())?,
                (Some(row), kind) => rows.insert((kind, &*write.id), row.as_slice()).map(|_| ())?,
                (None, kind) => rows.remove((kind, &*write.id)).map(|_| ())?,
            }
        }
        let last = group.iter().map(|waiting| waiting.revision).max().unwrap_or_default();
        about.insert("revision", last.to_string().as_bytes())?;
    }
    transaction.commit()?;
    Ok(())
}

fn read(database: &Database) -> Result<Option<Account>, StoreError> {
    let transaction = database.begin_read()?;
    let about = match transaction.open_table(ABOUT) {
        Ok(about) => about,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let said = |key: &str| about.get(key).map(|said| said.map(|said| said.value().to_vec()));
    let format = said("format")?.map(|format| serde_json::from_slice(&format)).transpose()?;
    match format {
        Some(FORMAT) => {}
        other => return Err(StoreError::Format(other.unwrap_or_default())),
    }
    let identity = said("identity")?.unwrap_or_default();
    let mut account = Account::new(serde_json::from_slice(&identity)?);
    account.revision = serde_json::from_slice(&said("revision")?.unwrap_or_default())?;
    // What packets meet is compiled anew at each start, whatever changed last.
    account.network = account.revision;
    for row in transaction.open_table(ROWS)?.iter()? {
        let (key, row) = row?;
        let (kind, id) = key.value();
        account.load(kind, id, row.value())?;
    }
    Ok(Some(account))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::time::Timestamp;

    /// An account with a default VPC, changed so often, and stored.
    fn stored(folder: &Path, changes: usize) -> Account {
        let (store, account) = Store::open(folder).unwrap();
        assert!(account.is_none());
        let mut account = Account::new(Identity::default());
        let mut tickets = vec![store.begin(&account.identity)];
        for number in 0..=changes {
            let accepted = account.change::<_, ()>(Timestamp(0), |change| {
                let vpc = if number == 0 { change.make_default_vpc() } else { "vpc-1".to_owned() };
                change.put_tags(&vpc, [(format!("key-{}", number % 7), number.to_string())]);
                change.drop_tags(&vpc, |key, _| key == format!("key-{}", (number + 1) % 7));
                Ok(())
            });
            let accepted = accepted.unwrap();
            tickets.push(store.submit(accepted.revision, accepted.writes));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for ticket in tickets {
            runtime.block_on(ticket.durable()).unwrap();
        }
        account
    }

    #[test]
    fn what_was_stored_is_what_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let account = stored(folder.path(), 50);
        let (_, read) = Store::open(folder.path()).unwrap();
        assert_eq!(format!("{account:?}"), format!("{:?}", read.unwrap()));
    }

    #[test]
    fn a_file_of_another_format_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        {
            let (store, _) = Store::open(folder.path()).unwrap();
            let row = Some(b"99".to_vec());
            let _ = store.submit(0, vec![Write { kind: "", id: "format".into(), row }]);
        }
        let error = Store::open(folder.path()).unwrap_err();
        assert!(error.to_string().contains("format 99"), "{error}");
    }
}
