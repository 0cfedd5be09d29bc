//! What the Describe actions have in common: ids and filters in, a page of rows out.

use std::ops::RangeInclusive;

use super::filters::{self, Values};
use super::pages::{self, Page};
use crate::account::Account;
use crate::account::table::{Row, Table};
use crate::error::{AwsError, Result};
use crate::shapes::ec2::Filter;

/// What a Describe request asks for.
pub(super) struct Asked<'r> {
    /// By id; none means all.
    pub ids: &'r [String],
    /// By what they have.
    pub filters: &'r [Filter],
    /// The names of filters that there are, but for those of tags.
    pub known: &'r [&'r str],
    /// A page at a time.
    pub page: Page<'r>,
    /// What it takes for `MaxResults`.
    pub within: RangeInclusive<i32>,
}

impl<'r> Asked<'r> {
    /// Puts a request's parts together.
    pub(super) fn new(
        ids: &'r [String],
        filters: &'r [Filter],
        known: &'r [&'r str],
        token: Option<&'r str>,
        most: Option<i32>,
    ) -> Asked<'r> {
        Asked { ids, filters, known, page: Page { token, most }, within: pages::MOST }
    }

    /// The same where AWS takes other numbers for `MaxResults`.
    pub(super) fn within(self, within: RangeInclusive<i32>) -> Asked<'r> {
        Asked { within, ..self }
    }

    /// The rows, and the next page's token. `values` says what a row has under a filter's name.
    ///
    /// # Errors
    /// What `missing` says of an id that is not there, and AWS's for filters, pages and tokens that
    /// are none.
    pub(super) fn of<'a, T: Row>(
        &self,
        account: &Account,
        table: &'a Table<T>,
        missing: impl Fn(&str) -> AwsError,
        values: impl Fn(&T, &str) -> Values,
    ) -> Result<(Vec<&'a T>, Option<String>)> {
        self.of_those(account, table, missing, values, |_| true)
    }

    /// The same of those rows alone that are `wanted`.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub(super) fn of_those<'a, T: Row>(
        &self,
        account: &Account,
        table: &'a Table<T>,
        missing: impl Fn(&str) -> AwsError,
        values: impl Fn(&T, &str) -> Values,
        wanted: impl Fn(&T) -> bool,
    ) -> Result<(Vec<&'a T>, Option<String>)> {
        filters::check(self.filters, self.known)?;
        if let Some(id) = self.ids.iter().find(|id| !table.has(id)) {
            return Err(missing(id));
        }
        pages::page_within(table, self.page, self.within.clone(), |id, row| {
            let asked = self.ids.is_empty() || self.ids.iter().any(|asked| asked == id);
            Ok(asked
                && wanted(row)
                && filters::meets(account, id, self.filters, |name| values(row, name))?)
        })
    }
}

/// Refuses pages of what is asked for by id, as AWS does for some kinds.
///
/// # Errors
/// `InvalidParameterCombination`.
pub(super) fn no_pages_of_ids(ids: &[String], most: Option<i32>) -> Result<()> {
    match most {
        Some(_) if !ids.is_empty() => {
            let message = "The parameter maxResults cannot be used with a list of IDs";
            Err(super::errors::combination(message))
        }
        _ => Ok(()),
    }
}
