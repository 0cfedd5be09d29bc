//! Pages of EC2's Describe actions.
//!
//! A token is the id of the last resource of a page: the next one begins after it, whatever has come
//! and gone in between, and a page costs what is on it.

use std::ops::RangeInclusive;

use crate::account::table::{Row, Table};
use crate::error::{AwsError, Result};

/// Tokens begin with this, so that nobody takes them for ids.
const TOKEN: &str = "egret-";

/// What most actions take for `MaxResults`.
pub(super) const MOST: RangeInclusive<i32> = 5..=1_000;

/// What a request says of pages.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// `NextToken`.
    pub token: Option<&'a str>,
    /// `MaxResults`.
    pub most: Option<i32>,
}

/// A page of a table's rows: those that `fits` and come after the token; with the next page's token.
///
/// # Errors
/// `InvalidParameterValue` for a number out of `5..=1000`, `InvalidNextToken` for a token that is none,
/// and whatever `fits` says.
pub fn page<'t, T: Row>(
    table: &'t Table<T>,
    page: Page<'_>,
    fits: impl FnMut(&str, &T) -> Result<bool>,
) -> Result<(Vec<&'t T>, Option<String>)> {
    page_within(table, page, MOST, fits)
}

/// The same where AWS takes other numbers for `MaxResults`.
///
/// # Errors
/// As [`page`].
pub fn page_within<'t, T: Row>(
    table: &'t Table<T>,
    page: Page<'_>,
    within: RangeInclusive<i32>,
    mut fits: impl FnMut(&str, &T) -> Result<bool>,
) -> Result<(Vec<&'t T>, Option<String>)> {
    let most = most(page.most, within)?;
    let after = after(page.token)?;
    let mut rows = Vec::new();
    let mut last = String::new();
    for (id, row) in table.after(&after) {
        if !fits(id, row)? {
            continue;
        }
        if rows.len() == most {
            return Ok((rows, Some(token(&last))));
        }
        last = id.to_owned();
        rows.push(row);
    }
    Ok((rows, None))
}

/// The same for things that are no rows: in the order of their keys, which are unique.
///
/// # Errors
/// As [`page`].
pub fn page_of<T>(
    things: impl IntoIterator<Item = (String, T)>,
    page: Page<'_>,
) -> Result<(Vec<T>, Option<String>)> {
    let most = most(page.most, MOST)?;
    let after = after(page.token)?;
    let mut things: Vec<_> = things.into_iter().filter(|(key, _)| *key > after).collect();
    things.sort_by(|a, b| a.0.cmp(&b.0));
    let more = things.len() > most;
    things.truncate(most);
    let next = things.last().filter(|_| more).map(|(key, _)| token(key));
    Ok((things.into_iter().map(|(_, thing)| thing).collect(), next))
}

fn most(said: Option<i32>, within: RangeInclusive<i32>) -> Result<usize> {
    match said {
        None => Ok(usize::MAX),
        Some(most) if within.contains(&most) => Ok(most as usize),
        Some(other) => {
            let (least, most) = within.into_inner();
            let message = format!(
                "Value ( {other} ) for parameter maxResults is invalid. Expecting a value between {least} and {most}."
            );
            Err(AwsError::new("InvalidParameterValue", message))
        }
    }
}

fn token(last: &str) -> String {
    let hex: String = last.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{TOKEN}{hex}")
}

fn after(token: Option<&str>) -> Result<String> {
    let Some(token) = token else { return Ok(String::new()) };
    let digits = token.strip_prefix(TOKEN).filter(|hex| hex.len() % 2 == 0 && hex.is_ascii());
    let bytes = digits.and_then(|hex| {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect()
    });
    let last = bytes.and_then(|bytes: Vec<u8>| String::from_utf8(bytes).ok());
    last.ok_or_else(|| AwsError::new("InvalidNextToken", "The specified NextToken is not valid."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_go_on_where_the_last_one_ended() {
        let things = || (0..12).map(|n| (format!("{n:02}"), n));
        let page = |token| page_of(things(), Page { token, most: Some(5) }).unwrap();
        let (first, token) = page(None);
        let (second, token) = page(token.as_deref());
        let (third, end) = page(token.as_deref());
        assert_eq!([first, second, third].concat(), (0..12).collect::<Vec<_>>());
        assert_eq!(end, None);
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for token in ["", "vpc-1", "egret-0", "egret-zz", "egret-ff", "egret-é"] {
            let page = page_of([("a".to_owned(), 1)], Page { token: Some(token), most: None });
            assert_eq!(page.unwrap_err().code, "InvalidNextToken", "{token}");
        }
        let few = page_of([("a".to_owned(), 1)], Page { token: None, most: Some(4) });
        assert_eq!(few.unwrap_err().code, "InvalidParameterValue");
    }
}
