//! Results as a page.

use crate::results::Results;

/// The page.
pub fn render(_results: &Results) -> String {
    String::new()
}
