//! What handlers take: paths, queries and bodies, refused in the API's own words.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

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
pub(super) struct Number(pub(super) u32);

impl<S: Send + Sync> FromRequestParts<S> for Number {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = axum::extract::Path::<u32>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(number)| Number(number)).map_err(|error: PathRejection| {
            ApiError::invalid(error.body_text()).at("id").hint("ids are numbers from 1 on")
        })
    }
}
