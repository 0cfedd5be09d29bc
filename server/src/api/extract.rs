//! What handlers take: paths, queries and bodies, refused in the API's own words.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Number;

use super::error::ApiError;

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
        // A page on the web may send anything else to whoever listens on loopback, unasked.
        if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) {
            let message = "the body must be JSON, and say so";
            let error = ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                message,
            );
            return Err(error.hint("send the header `content-type: application/json`"));
        }
        let bytes = axum::body::Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|error| ApiError::invalid(error.body_text()))?;
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let read: T = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let (path, why) = (error.path().to_string(), error.inner().to_string());
            // What is no JSON at all is at no field.
            let known = !path.contains('?') && path != ".";
            if known { ApiError::invalid(why).at(path) } else { ApiError::invalid(why) }
        })?;
        json.end().map_err(|error| ApiError::invalid(error.to_string()))?;
        Ok(Body(read))
    }
}

/// A query.
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let asked = Query::<T>::try_from_uri(&parts.uri);
        asked.map(|Query(asked)| Asked(asked)).map_err(|error| {
            let text = error.body_text();
            let why = text.trim_start_matches("Failed to deserialize query string: ");
            match why.split_once(": ") {
                Some((field, why)) if !field.contains(' ') => ApiError::invalid(why).at(field),
                _ => ApiError::invalid(why),
            }
        })
    }
}

/// A number in the path.
pub(super) struct Id(pub(super) u32);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = axum::extract::Path::<u32>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(number)| Id(number)).map_err(|error: PathRejection| {
            ApiError::invalid(error.body_text()).at("id").hint("ids are numbers from 1 on")
        })
    }
}

/// A whole number, written as one or with a fraction of zero: to JSON Schema they are the same.
pub(super) fn whole<'de, D: Deserializer<'de>, N: TryFrom<u64>>(from: D) -> Result<N, D::Error> {
    let number = Number::deserialize(from)?;
    let float = || number.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0);
    let read = number.as_u64().or_else(|| float().map(|number| number as u64));
    read.and_then(|number| N::try_from(number).ok()).ok_or_else(|| {
        let range = format!("a whole number of at most {} bits", 8 * size_of::<N>());
        D::Error::custom(format_args!("invalid value: {number}, expected {range}"))
    })
}

/// The same, where nothing may be said.
pub(super) fn whole_if_any<'de, D: Deserializer<'de>, N: TryFrom<u64>>(
    from: D,
) -> Result<Option<N>, D::Error> {
    #[derive(serde::Deserialize)]
    struct Whole<N: TryFrom<u64>>(#[serde(deserialize_with = "whole")] N);
    Ok(Option::<Whole<N>>::deserialize(from)?.map(|Whole(number)| number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_of_zero_makes_a_number_no_less_whole() {
        let read = |text: &str| whole::<_, u16>(&mut serde_json::Deserializer::from_str(text)).ok();
        assert_eq!(["7", "7.0", "65535"].map(read), [Some(7), Some(7), Some(65_535)]);
        assert_eq!(["7.5", "-1", "65536", "1e300", "null", "\"7\""].map(read), [None; 6]);
        let any =
            |text: &str| whole_if_any::<_, u32>(&mut serde_json::Deserializer::from_str(text));
        assert_eq!((any("null").unwrap(), any("3.0").unwrap()), (None, Some(3)));
    }
}
