//! Which files an import reads, and what their folders say of them.

use std::io;
use std::path::{Path, PathBuf};

use crate::cloudformation;
use crate::finding::Finding;
use crate::source::Sourced;
use crate::written::without_bom;

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) origin: Origin,
}

/// The account and Region that a folder `<account>/<region>/` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
}

impl File {
    /// A file by its path alone.
    pub(super) fn lone(path: &Path) -> File {
        File { path: path.to_owned(), origin: origin(path) }
    }
}

/// Every file of a path: the file itself, or all `.json` files and templates of a folder, in the
/// order of their names.
pub(super) fn all(path: &Sourced<PathBuf>, findings: &mut Vec<Finding>) -> Vec<File> {
    let mut files = Vec::new();
    if let Err(error) = collect(path, true, 0, &mut files) {
        let message = format!("{}: {error}", path.display());
        findings.push(Finding::error("unreadable", path.place, message));
    } else if files.is_empty() {
        let message = format!("there is no .json file and no template in {}", path.display());
        let help = "save what `aws ec2 describe-vpcs` and the like print there";
        findings.push(Finding::error("empty-import", path.place, message).help(help));
    }
    files
}

/// Folders deeper than this are not an account's configuration but a loop of links.
const MAX_DEPTH: usize = 16;

fn collect(path: &Path, named: bool, depth: usize, files: &mut Vec<File>) -> io::Result<()> {
    if path.is_dir() {
        if depth > MAX_DEPTH {
            return Ok(());
        }
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        entries.sort();
        return entries.iter().try_for_each(|entry| collect(entry, false, depth + 1, files));
    }
    if named || is_json(path) || is_template(path) {
        path.metadata()?;
        files.push(File::lone(path));
    }
    Ok(())
}

/// Whether a file is JSON, by its name.
pub(super) fn is_json(path: &Path) -> bool {
    ends_in(path, &["json"])
}

/// Whether a file is a template, by its name and by what it holds.
pub(super) fn is_template(path: &Path) -> bool {
    ends_in(path, &["yaml", "yml", "template"])
        && text(path).is_ok_and(|text| cloudformation::is_template(&text))
}

fn ends_in(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension();
    ending.is_some_and(|ending| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// The text of a file: UTF-8, or UTF-16 as a redirect in PowerShell leaves it.
pub(super) fn text(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    if let [0xff, 0xfe, rest @ ..] = &bytes[..] {
        let (units, odd) = rest.as_chunks::<2>();
        let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
        return match (String::from_utf16(&units), odd) {
            (Ok(text), []) => Ok(text),
            _ => Err("the text is not UTF-16, though it begins like that".to_owned()),
        };
    }
    let text = String::from_utf8(bytes).map_err(|_| "the text is not UTF-8".to_owned())?;
    Ok(without_bom(&text).to_owned())
}

fn origin(path: &Path) -> Origin {
    let names = path.parent().into_iter().flat_map(Path::iter).filter_map(|name| name.to_str());
    let names: Vec<&str> = names.collect();
    let owned = |found: Option<&&str>| found.map(|name| (*name).to_owned());
    Origin {
        account: owned(names.iter().rev().find(|name| is_account(name))),
        region: owned(names.iter().rev().find(|name| is_region(name))),
    }
}

fn is_account(name: &str) -> bool {
    name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// `us-east-1`, `us-gov-west-1`: words with dashes, then a number.
fn is_region(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let [partition, middle @ .., number] = &parts[..] else {
        return false;
    };
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    partition.len() == 2
        && is_word(partition)
        && !middle.is_empty()
        && middle.iter().all(is_word)
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The Region of an Availability Zone's name: `us-east-1` of `us-east-1a` and `us-east-1-bos-1a`.
pub(super) fn region_of_zone(zone: &str) -> Option<String> {
    let first = zone.find(|c: char| c.is_ascii_digit())?;
    let digits = zone[first..].bytes().take_while(u8::is_ascii_digit).count();
    let region = &zone[..first + digits];
    is_region(region).then(|| region.to_owned())
}

/// The id with that prefix in a file's name, such as `pl-0abc` in `entries-pl-0abc.json`.
pub(super) fn id_in_name(path: &Path, prefix: &str) -> Option<String> {
    let name = path.file_stem()?.to_str()?;
    let rest = &name[name.find(prefix)? + prefix.len()..];
    let len = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
    (len > 0).then(|| format!("{prefix}{}", &rest[..len]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_say_account_and_region() {
        let origin = origin(Path::new("aws_configs/111122223333/eu-central-1/vpcs.json"));
        assert_eq!(origin.account.as_deref(), Some("111122223333"));
        assert_eq!(origin.region.as_deref(), Some("eu-central-1"));
        assert_eq!(super::origin(Path::new("aws/scenario-a/vpcs.json")), Origin::default());
    }

    #[test]
    fn zones_have_regions() {
        assert_eq!(region_of_zone("us-east-1a").as_deref(), Some("us-east-1"));
        assert_eq!(region_of_zone("us-west-2-lax-1a").as_deref(), Some("us-west-2"));
        assert_eq!(region_of_zone("nonsense"), None);
        assert_eq!(region_of_zone("1"), None);
    }

    #[test]
    fn names_of_files_hold_ids() {
        let id = |name| id_in_name(Path::new(name), "pl-");
        assert_eq!(id("entries-pl-0ab1.json").as_deref(), Some("pl-0ab1"));
        assert_eq!(id("sample-.json"), None);
        assert_eq!(id("pl-.json"), None);
    }
}
