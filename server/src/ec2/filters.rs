//! Filters of EC2's Describe actions: each must be met, by any of its values, in which `*` stands for
//! anything and `?` for one character.

use crate::account::Account;
use crate::error::{AwsError, Result};
use crate::shapes::ec2::Filter;

/// What a resource has under a filter's name; `None` where it has no such filter.
pub type Values = Option<Vec<String>>;

/// Whether a resource meets all filters. `tag:KEY`, `tag-key` and `tag-value` are seen to here; for
/// the others `values` says what the resource has.
///
/// # Errors
/// `InvalidParameterValue` for a filter that there is not.
pub fn meets(
    account: &Account,
    id: &str,
    filters: &[Filter],
    values: impl Fn(&str) -> Values,
) -> Result<bool> {
    for filter in filters {
        let name = filter.name.as_deref().unwrap_or_default();
        let has = tags(account, id, name).or_else(|| values(name)).ok_or_else(|| unknown(name))?;
        let met = |has: &String| filter.values.iter().any(|pattern| fits(pattern, has));
        if !has.iter().any(met) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Checks filters where there may be no resource to meet them: `known` has all names.
///
/// # Errors
/// As [`meets`].
pub fn check(filters: &[Filter], known: &[&str]) -> Result<()> {
    for name in filters.iter().map(|filter| filter.name.as_deref().unwrap_or_default()) {
        let tag = name.starts_with("tag:") || matches!(name, "tag-key" | "tag-value");
        if !tag && !known.contains(&name) {
            return Err(unknown(name));
        }
    }
    Ok(())
}

/// One value.
pub fn one(value: impl ToString) -> Values {
    Some(vec![value.to_string()])
}

/// Any number of values.
pub fn many<T: ToString>(values: impl IntoIterator<Item = T>) -> Values {
    Some(values.into_iter().map(|value| value.to_string()).collect())
}

/// What nothing has here, though it may in AWS.
pub fn none() -> Values {
    many::<&str>([])
}

fn tags(account: &Account, id: &str, name: &str) -> Values {
    if let Some(key) = name.strip_prefix("tag:") {
        return many(account.tag(id, key));
    }
    match name {
        "tag-key" => many(account.tags_of(id).map(|(key, _)| key)),
        "tag-value" => many(account.tags_of(id).map(|(_, value)| value)),
        _ => None,
    }
}

fn unknown(name: &str) -> AwsError {
    AwsError::new("InvalidParameterValue", format!("The filter '{name}' is invalid"))
}

/// Whether a text is as a pattern says. Linear in their product, whatever the pattern.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star was, and how much of the text it stands for.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(letter) if *letter == '?' || *letter == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                (p, t) = (at + 1, from + 1);
            }
        }
    }
    pattern[p..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("web", "web", true),
            ("web", "webs", false),
            ("web*", "web", true),
            ("*b*b", "abab", true),
            ("*b*b", "aba", false),
            ("w?b", "web", true),
            ("w?b", "wb", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
