//! Places in events (client-server API, m.location; MSC3488).

use serde_json::Value;

use super::one_line;
use crate::domain::sharing::Place;

/// The place that a message shares; `None` if it doesn't say where that is.
pub(super) fn read(content: &Value) -> Option<Place> {
    let details = ["org.matrix.msc3488.location", "m.location"]
        .into_iter()
        .map(|key| &content[key])
        .find(|details| details.is_object())
        .unwrap_or(&Value::Null);
    let uri = content["geo_uri"]
        .as_str()
        .or_else(|| details["uri"].as_str())?;
    let (latitude, longitude) = position(uri)?;
    // Clients write the address of the place into the body, for others that know no places.
    let body = content["body"]
        .as_str()
        .filter(|body| !body.contains("geo:"));
    let description = details["description"].as_str().or(body);
    Some(Place {
        description: one_line(description.unwrap_or_default(), LONGEST_DESCRIPTION),
        latitude,
        longitude,
    })
}

/// Degrees north and east of a geo URI (RFC 5870): `geo:48.85,2.35;u=10`.
fn position(uri: &str) -> Option<(f64, f64)> {
    let (scheme, rest) = uri.trim().split_once(':')?;
    if !scheme.eq_ignore_ascii_case("geo") {
        return None;
    }
    let mut parameters = rest.split(';');
    let mut numbers = parameters.next()?.split(',');
    let (latitude, longitude) = (degrees(numbers.next()?)?, degrees(numbers.next()?)?);
    // Other systems of coordinates mean other places by the same numbers.
    let elsewhere = parameters
        .filter_map(|parameter| parameter.split_once('='))
        .any(|(key, value)| {
            key.eq_ignore_ascii_case("crs") && !value.eq_ignore_ascii_case("wgs84")
        });
    let sane = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    (sane && !elsewhere).then_some((latitude, longitude))
}

/// `coord-a` of RFC 5870: digits with a sign and a fraction, and nothing else.
fn degrees(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && text.len() <= LONGEST_NUMBER;
    if plain { text.parse().ok() } else { None }
}

/// In characters.
const LONGEST_DESCRIPTION: usize = 500;
const LONGEST_NUMBER: usize = 30;
