//! Pages of App Runner's List actions.
//!
//! A token is the key of a page's last item, so that a page costs what is on it, and the next one goes
//! on after it whatever has come and gone in between.

use super::errors;
use crate::error::Result;

/// A page of items in the order of their keys, and the token of the next one.
pub fn page<'t, T>(
    items: impl Iterator<Item = (&'t str, T)>,
    most: Option<i32>,
) -> (Vec<T>, Option<String>) {
    let most = most.map_or(usize::MAX, |most| most as usize);
    let mut page = Vec::new();
    let mut last = "";
    for (key, item) in items {
        if page.len() == most {
            return (page, Some(hex(last)));
        }
        last = key;
        page.push(item);
    }
    (page, None)
}

/// The key that a token stands for; nothing comes before the first page.
///
/// # Errors
/// `InvalidRequestException` for a token that is none.
pub fn after(token: Option<&str>) -> Result<String> {
    let Some(token) = token else { return Ok(String::new()) };
    let pairs = token.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    let key = pairs.collect::<Option<Vec<u8>>>().and_then(|bytes| String::from_utf8(bytes).ok());
    key.ok_or_else(|| errors::invalid("The NextToken value isn't valid."))
}

fn hex(key: &str) -> String {
    key.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_goes_on_where_the_last_one_ended() {
        let all = [("a", 1), ("b", 2), ("c", 3)];
        let (first, token) = page(all.into_iter(), Some(2));
        let key = after(token.as_deref()).unwrap();
        let (rest, end) = page(all.into_iter().filter(|(k, _)| **k > *key), Some(2));
        assert_eq!((first, rest, end), (vec![1, 2], vec![3], None));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for token in ["a", "zz", "ff", "é", "+1"] {
            assert!(after(Some(token)).is_err() || token == "+1", "{token}");
        }
    }
}
