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
    /// `text/event-stream`: server-sent events; what cannot be executed is answered 400, as JSON.
    EventStream,
}

impl Media {
    /// The value of `Content-Type`.
    pub fn content_type(self) -> HeaderValue {
        match self {
            Media::Json => HeaderValue::from_static("application/json; charset=utf-8"),
            Media::GraphqlResponse => HeaderValue::from_static("application/graphql-response+json; charset=utf-8"),
            Media::EventStream => HeaderValue::from_static("text/event-stream; charset=utf-8"),
        }
    }

    fn essence(self) -> (&'static str, &'static str) {
        match self {
            Media::Json => ("application", "json"),
            Media::GraphqlResponse => ("application", "graphql-response+json"),
            Media::EventStream => ("text", "event-stream"),
        }
    }
}

/// What is best for the caller; None when nothing is acceptable. The newer type must be named, with the highest weight, and so must server-
/// sent events, with a higher one than any other; who takes anything gets `application/json`.
pub fn negotiate(headers: &HeaderMap) -> Option<Media> {
    let Some(ranges) = ranges(headers) else { return Some(Media::Json) };
    let weight = |media: Media| weight(&ranges, media);
    let (json, newer, stream) = (weight(Media::Json), weight(Media::GraphqlResponse), named(&ranges, Media::EventStream));
    let json_weight = json.map_or(0, |(_, weight)| weight);
    let newer_weight = newer.map_or(0, |(_, weight)| weight);
    match newer {
        _ if stream > json_weight.max(newer_weight) => Some(Media::EventStream),
        Some((EXACT, weight)) if weight > 0 && weight >= json_weight => Some(Media::GraphqlResponse),
        _ if json_weight > 0 => Some(Media::Json),
        Some((_, weight)) if weight > 0 => Some(Media::GraphqlResponse),
        _ => None,
    }
}

/// Whether the caller names server-sent events as something to be answered with: the only way to answer a subscription.
pub fn takes_events(headers: &HeaderMap) -> bool {
    ranges(headers).is_some_and(|ranges| named(&ranges, Media::EventStream) > 0)
}

/// What the header lists; None when there is nothing in it.
fn ranges(headers: &HeaderMap) -> Option<Vec<Range>> {
    let values = headers.get_all(ACCEPT).iter();
    let ranges: Vec<Range> = values.flat_map(|v| v.to_str().unwrap_or_default().split(',').filter_map(Range::parse)).collect();
    (!ranges.is_empty()).then_some(ranges)
}

/// How exactly the type is listed, and with which weight.
fn weight(ranges: &[Range], media: Media) -> Option<(u8, u16)> {
    ranges.iter().filter_map(|r| r.fits(media).map(|s| (s, r.weight))).max_by_key(|(s, _)| *s)
}

/// The weight of a type that is named as such; 0 when it is not.
fn named(ranges: &[Range], media: Media) -> u16 {
    match weight(ranges, media) {
        Some((EXACT, weight)) => weight,
        Some(_) | None => 0,
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
    fn a_subscription_needs_server_sent_events_by_name() {
        for (accept, expected) in [
            ("text/event-stream", true),
            ("application/json, text/event-stream;q=0.1", true),
            ("text/event-stream;q=0", false),
            ("*/*", false),
            ("text/*", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(takes_events(&headers), expected, "{accept}");
        }
        assert!(!takes_events(&HeaderMap::new()));
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
            ("text/event-stream", Some(EventStream)),
            ("Text/Event-Stream; charset=utf-8", Some(EventStream)),
            ("text/event-stream, application/json;q=0.9", Some(EventStream)),
            ("text/event-stream, */*;q=0.1", Some(EventStream)),
            ("text/event-stream, application/json", Some(Json)),
            ("application/graphql-response+json, application/json, text/event-stream, multipart/mixed", Some(GraphqlResponse)),
            ("text/event-stream;q=0.5, application/json", Some(Json)),
            ("text/event-stream;q=0", None),
            ("text/*", None),
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
