//! Which media type to answer in (RFC 9110 §12.5.1, GraphQL over HTTP).

use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderValue};

/// What answers are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/json`: what cannot be executed is answered 200.
    Json,
    /// `application/graphql-response+json`: what cannot be executed is answered 400.
    GraphqlResponse,
}

impl Media {
    /// The value of `Content-Type`.
    pub fn content_type(self) -> HeaderValue {
        match self {
            Media::Json => HeaderValue::from_static("application/json; charset=utf-8"),
            Media::GraphqlResponse => HeaderValue::from_static("application/graphql-response+json; charset=utf-8"),
        }
    }

    fn essence(self) -> (&'static str, &'static str) {
        match self {
            Media::Json => ("application", "json"),
            Media::GraphqlResponse => ("application", "graphql-response+json"),
        }
    }
}

/// What is best for the caller; None when nothing is acceptable. The newer type must be named, with the highest weight; who takes
/// anything gets `application/json`.
pub fn negotiate(headers: &HeaderMap) -> Option<Media> {
    let mut ranges: Vec<Range> = Vec::new();
    for value in headers.get_all(ACCEPT) {
        ranges.extend(value.to_str().unwrap_or_default().split(',').filter_map(Range::parse));
    }
    if !headers.contains_key(ACCEPT) || ranges.is_empty() {
        return Some(Media::Json);
    }
    let weight = |media: Media| ranges.iter().filter_map(|r| r.fits(media).map(|s| (s, r.weight))).max_by_key(|(s, _)| *s);
    let (json, newer) = (weight(Media::Json), weight(Media::GraphqlResponse));
    let json_weight = json.map_or(0, |(_, weight)| weight);
    match newer {
        Some((EXACT, weight)) if weight > 0 && weight >= json_weight => Some(Media::GraphqlResponse),
        _ if json_weight > 0 => Some(Media::Json),
        Some((_, weight)) if weight > 0 => Some(Media::GraphqlResponse),
        _ => None,
    }
}

const EXACT: u8 = 2;

/// One entry of the header.
struct Range {
    kind: String,
    subtype: String,
    /// In thousandths.
    weight: u16,
}

impl Range {
    /// None for an entry that is empty or malformed.
    fn parse(text: &str) -> Option<Range> {
        let mut parts = text.split(';');
        let (kind, subtype) = parts.next()?.trim().split_once('/')?;
        let mut weight = 1000;
        for parameter in parts {
            if let Some((name, value)) = parameter.split_once('=')
                && name.trim().eq_ignore_ascii_case("q")
            {
                weight = thousandths(value.trim())?;
            }
        }
        Some(Range { kind: kind.to_ascii_lowercase(), subtype: subtype.to_ascii_lowercase(), weight })
    }

    /// How exactly it names the type; None when it does not.
    fn fits(&self, media: Media) -> Option<u8> {
        let (kind, subtype) = media.essence();
        match (self.kind.as_str(), self.subtype.as_str()) {
            ("*", "*") => Some(0),
            (k, "*") if k == kind => Some(1),
            (k, s) if k == kind && s == subtype => Some(EXACT),
            _ => None,
        }
    }
}

fn thousandths(text: &str) -> Option<u16> {
    let weight: f32 = text.parse().ok()?;
    (0.0..=1.0).contains(&weight).then(|| (weight * 1000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(accept: &[&str]) -> Option<Media> {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(ACCEPT, HeaderValue::from_str(value).expect("header"));
        }
        negotiate(&headers)
    }

    #[test]
    fn the_newer_type_is_taken_when_named_with_the_highest_weight() {
        use Media::*;
        for (accept, expected) in [
            ("application/graphql-response+json", Some(GraphqlResponse)),
            ("application/graphql-response+json, application/json;q=0.9", Some(GraphqlResponse)),
            ("application/json, application/graphql-response+json", Some(GraphqlResponse)),
            ("application/graphql-response+json;q=0.9, application/json", Some(Json)),
            ("application/graphql-response+json;q=0.5, */*;q=0.8", Some(Json)),
            ("application/graphql-response+json, */*", Some(GraphqlResponse)),
            ("Application/GraphQL-Response+JSON; charset=utf-8", Some(GraphqlResponse)),
            ("application/json", Some(Json)),
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Some(Json)),
            ("", Some(Json)),
            ("*/*, application/json;q=0", Some(GraphqlResponse)),
            ("*/*;q=0, application/json", Some(Json)),
            ("text/html", None),
            ("text/event-stream", None),
            ("application/json;q=0", None),
            ("application/graphql-response+json;q=0", None),
            ("*/*;q=0.000", None),
        ] {
            assert_eq!(answer(&[accept]), expected, "{accept}");
        }
        assert_eq!(answer(&[]), Some(Json));
        assert_eq!(answer(&["text/html", "application/graphql-response+json"]), Some(GraphqlResponse));
        assert_eq!(answer(&["application/json;q=x, text/html"]), None, "a malformed entry counts for nothing");
    }
}
