//! AWS's Signature Version 4: whether a request was signed by who has one of the keys, just now.
//!
//! A signature is good for five minutes before and after its date, as in AWS. Within them the same
//! request is taken as often as it comes, as in AWS: clients that ask the same twice in a second sign
//! it alike.

use std::collections::HashMap;

use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::account::time::Timestamp;

/// How far a request's date may be from now, in milliseconds.
const SKEW: i64 = 5 * 60 * 1_000;
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Access keys with their secrets.
#[derive(Clone, Default)]
pub struct Credentials {
    secrets: HashMap<String, String>,
}

impl std::fmt::Debug for Credentials {
    /// Secrets are not for logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials of {} keys", self.secrets.len())
    }
}

/// A file of credentials that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct BadCredentials {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong with it, and how to mend it.
    pub message: String,
}

/// Why a request is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not signed.
    Unsigned,
    /// Its signature is not written as one is.
    Malformed,
    /// Nobody has that access key.
    UnknownKey,
    /// It was signed too long ago, or is from the future.
    Expired,
    /// It was signed by another secret, or is not what was signed.
    Mismatch,
}

impl Credentials {
    /// Reads a file as AWS's clients have it: sections with `aws_access_key_id` and
    /// `aws_secret_access_key`.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Credentials, BadCredentials> {
        let mut credentials = Credentials::default();
        let mut key: Option<(usize, String)> = None;
        for (number, line) in text.lines().enumerate() {
            let bad = |message: &str| bad(number + 1, line, message);
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            if trimmed.starts_with('[') {
                without_secret(key.take(), text)?;
                continue;
            }
            let (name, value) =
                trimmed.split_once('=').ok_or_else(|| bad("write a setting as `name = value`"))?;
            match (name.trim(), value.trim()) {
                ("aws_access_key_id", value) => key = Some((number, value.to_owned())),
                ("aws_secret_access_key", value) => {
                    let (_, key) =
                        key.take().ok_or_else(|| bad("write aws_access_key_id before it"))?;
                    credentials.secrets.insert(key, value.to_owned());
                }
                // AWS's own clients have more settings there, none of which a signature needs.
                _ => {}
            }
        }
        without_secret(key, text)?;
        match credentials.secrets.is_empty() {
            true => Err(bad(1, "", "there is no aws_access_key_id with an aws_secret_access_key")),
            false => Ok(credentials),
        }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.secrets.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// Whether what follows `Basic` in a header is one of the keys with its secret, as HTTP's basic
    /// authentication writes user and password (RFC 7617).
    ///
    /// # Errors
    /// Why it is not.
    pub fn check_basic(&self, said: &str) -> Result<(), Refusal> {
        let said = BASE64.decode(said.trim()).map_err(|_| Refusal::Malformed)?;
        let said = String::from_utf8(said).map_err(|_| Refusal::Malformed)?;
        let (key, secret) = said.split_once(':').ok_or(Refusal::Malformed)?;
        let known = self.secrets.get(key);
        let same: bool =
            known.map_or("", String::as_str).as_bytes().ct_eq(secret.as_bytes()).into();
        match (known, same) {
            (None, _) => Err(Refusal::UnknownKey),
            (Some(_), false) => Err(Refusal::Mismatch),
            (Some(_), true) => Ok(()),
        }
    }

    /// Whether a request was signed with one of the keys, around `now`.
    ///
    /// # Errors
    /// Why it was not.
    pub fn check(&self, request: &Parts, body: &[u8], now: Timestamp) -> Result<(), Refusal> {
        let authorization = header(request, "authorization").ok_or(Refusal::Unsigned)?;
        let said = Authorization::parse(authorization).ok_or(Refusal::Malformed)?;
        let date = header(request, "x-amz-date").ok_or(Refusal::Malformed)?;
        let at = moment(date).filter(|_| date.starts_with(said.day)).ok_or(Refusal::Malformed)?;
        if (at.0 - now.0).abs() > SKEW {
            return Err(Refusal::Expired);
        }
        let known = self.secrets.get(said.key);
        // With an unknown key as much is done as with a known one.
        let secret = known.map_or("", String::as_str);
        let signed = canonical(request, body, &said).ok_or(Refusal::Malformed)?;
        let expected = signature(secret, &said, date, &signed);
        let same: bool = expected.as_bytes().ct_eq(said.signature.as_bytes()).into();
        match (known, same) {
            (None, _) => Err(Refusal::UnknownKey),
            (Some(_), false) => Err(Refusal::Mismatch),
            (Some(_), true) => Ok(()),
        }
    }
}

fn bad(line: usize, text: &str, message: &str) -> BadCredentials {
    let column = text.len() - text.trim_start().len() + 1;
    BadCredentials { line, column, message: message.to_owned() }
}

fn without_secret(key: Option<(usize, String)>, text: &str) -> Result<(), BadCredentials> {
    let Some((number, _)) = key else { return Ok(()) };
    let line = text.lines().nth(number).unwrap_or_default();
    Err(bad(number + 1, line, "write aws_secret_access_key after it"))
}

/// What the header `Authorization` says.
struct Authorization<'h> {
    key: &'h str,
    day: &'h str,
    region: &'h str,
    service: &'h str,
    signed_headers: &'h str,
    signature: &'h str,
}

impl<'h> Authorization<'h> {
    fn parse(header: &'h str) -> Option<Authorization<'h>> {
        let parts = header.strip_prefix(ALGORITHM)?;
        let part = |name: &str| {
            let mut parts = parts.split(',').map(str::trim);
            parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
        };
        // An access key may have slashes in it; what follows it has none.
        let mut scope = part("Credential")?.rsplitn(5, '/');
        let (end, service, region) = (scope.next()?, scope.next()?, scope.next()?);
        let (day, key) = (scope.next()?, scope.next()?);
        (end == "aws4_request" && day.len() == 8).then_some(Authorization {
            key,
            day,
            region,
            service,
            signed_headers: part("SignedHeaders")?,
            signature: part("Signature")?,
        })
    }

    fn scope(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.day, self.region, self.service)
    }
}

fn header<'r>(request: &'r Parts, name: &str) -> Option<&'r str> {
    request.headers.get(name)?.to_str().ok()
}

/// `20260301T120000Z`.
fn moment(text: &str) -> Option<Timestamp> {
    let at = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    let at = at.to_zoned(TimeZone::UTC).ok()?;
    Some(Timestamp(at.timestamp().as_millisecond()))
}

/// The request in the form that is signed; `None` when a header that is said to be signed is not
/// there, the host is not among them, or the body is not the one that was signed.
fn canonical(request: &Parts, body: &[u8], said: &Authorization<'_>) -> Option<String> {
    let mut headers = String::new();
    let names: Vec<&str> = said.signed_headers.split(';').collect();
    if !names.contains(&"host") {
        return None;
    }
    for name in &names {
        let values: Vec<&str> = request
            .headers
            .get_all(*name)
            .iter()
            .map(|value| value.to_str().ok())
            .collect::<Option<_>>()?;
        if values.is_empty() {
            return None;
        }
        let words = |value: &&str| value.split_whitespace().collect::<Vec<_>>().join(" ");
        let value = values.iter().map(words).collect::<Vec<_>>().join(",");
        headers.push_str(&format!("{name}:{value}\n"));
    }
    let hash = hex(&Sha256::digest(body));
    if header(request, "x-amz-content-sha256").is_some_and(|said| said != hash) {
        return None;
    }
    let query = canonical_query(request.uri.query().unwrap_or_default());
    let (method, path) = (request.method.as_str(), request.uri.path());
    Some(format!("{method}\n{path}\n{query}\n{headers}\n{}\n{hash}", said.signed_headers))
}

fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// As AWS encodes, whatever of it was encoded already.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'%' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

fn signature(secret: &str, said: &Authorization<'_>, date: &str, signed: &str) -> String {
    let hash = hex(&Sha256::digest(signed.as_bytes()));
    let text = format!("{ALGORITHM}\n{date}\n{}\n{hash}", said.scope());
    let key = mac(format!("AWS4{secret}").as_bytes(), said.day);
    let key = mac(&mac(&mac(&key, said.region), said.service), "aws4_request");
    hex(&mac(&key, &text))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    /// AWS's own example (its test suite's `post-x-www-form-urlencoded`), at its own time.
    const KEY: &str = "AKIDEXAMPLE";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    const BODY: &[u8] = b"Param1=value1";
    const NOW: Timestamp = Timestamp(1_440_938_160_000);
    const SIGNATURE: &str = "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a";

    fn credentials() -> Credentials {
        let text =
            format!("[default]\naws_access_key_id = {KEY}\naws_secret_access_key={SECRET}\n");
        Credentials::parse(&text).unwrap()
    }

    fn request(key: &str, signature: &str) -> Parts {
        let authorization = format!(
            "{ALGORITHM} Credential={key}/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, Signature={signature}"
        );
        let request = Request::post("/")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("host", "example.amazonaws.com")
            .header("x-amz-date", "20150830T123600Z")
            .header("authorization", authorization);
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn who_has_the_secret_is_believed() {
        assert_eq!(credentials().check(&request(KEY, SIGNATURE), BODY, NOW), Ok(()));
    }

    #[test]
    fn nobody_else_is() {
        let check = |key: &str, signature: &str, body: &[u8], later: i64| {
            let now = Timestamp(NOW.0 + later);
            credentials().check(&request(key, signature), body, now).unwrap_err()
        };
        assert_eq!(check(KEY, SIGNATURE, b"Param1=value2", 0), Refusal::Mismatch);
        assert_eq!(check(KEY, &SIGNATURE.replace('f', "e"), BODY, 0), Refusal::Mismatch);
        assert_eq!(check(KEY, "", BODY, 0), Refusal::Mismatch);
        assert_eq!(check("AKIDOTHER", SIGNATURE, BODY, 0), Refusal::UnknownKey);
        assert_eq!(check(KEY, SIGNATURE, BODY, SKEW + 1), Refusal::Expired);
        assert_eq!(check(KEY, SIGNATURE, BODY, -SKEW - 1), Refusal::Expired);
        let bare = Request::post("/").body(()).unwrap().into_parts().0;
        assert_eq!(credentials().check(&bare, BODY, NOW), Err(Refusal::Unsigned));
    }

    #[test]
    fn no_header_is_too_strange() {
        for header in [
            "",
            "Basic x",
            "AWS4-HMAC-SHA256",
            "AWS4-HMAC-SHA256 Credential=a/b",
            "AWS4-HMAC-SHA256 Credential=////,SignedHeaders=,Signature=",
        ] {
            let mut request = request(KEY, SIGNATURE);
            request.headers.insert("authorization", header.parse().unwrap());
            assert_eq!(
                credentials().check(&request, BODY, NOW),
                Err(Refusal::Malformed),
                "{header}"
            );
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_place() {
        let complaint = |text: &str| Credentials::parse(text).err().unwrap().to_string();
        assert_eq!(
            complaint(""),
            "1:1: there is no aws_access_key_id with an aws_secret_access_key"
        );
        assert_eq!(complaint("[a]\n  what"), "2:3: write a setting as `name = value`");
        let alone = "[a]\naws_access_key_id = x\n[b]\n";
        assert_eq!(complaint(alone), "2:1: write aws_secret_access_key after it");
    }
}
