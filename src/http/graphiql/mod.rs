//! GraphiQL, in development and demo: everything it needs is in the binary, so that it works offline and sends nobody anywhere.

use std::io::Read;

use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use axum::response::{Html, IntoResponse, Response};

use crate::http::routes;

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:; img-src 'self' data:; connect-src 'self' ws: wss:; \
     frame-ancestors 'none'",
);

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// What is served compressed, by name.
const COMPRESSED: [(&str, &str, &[u8]); 6] = [
    ("react.production.min.js", SCRIPT, include_bytes!("assets/react.production.min.js.gz")),
    ("react-dom.production.min.js", SCRIPT, include_bytes!("assets/react-dom.production.min.js.gz")),
    ("graphiql.min.js", SCRIPT, include_bytes!("assets/graphiql.min.js.gz")),
    ("graphiql.min.css", STYLE, include_bytes!("assets/graphiql.min.css.gz")),
    ("explorer.umd.js", SCRIPT, include_bytes!("assets/explorer.umd.js.gz")),
    ("explorer.css", STYLE, include_bytes!("assets/explorer.css.gz")),
];

/// Our own script: it starts GraphiQL with queries to begin with.
const START: &str = include_str!("start.js");

/// The page.
pub async fn page() -> Response {
    let mut response = Html(include_str!("page.html")).into_response();
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY);
    response
}

/// A file of the page.
pub async fn asset(Path(file): Path<String>, request: Request<Body>) -> Response {
    if file == "start.js" {
        return ([(CONTENT_TYPE, HeaderValue::from_static(SCRIPT))], START).into_response();
    }
    let Some((_, kind, bytes)) = COMPRESSED.iter().find(|(name, ..)| *name == file) else {
        return match request.extensions().get().cloned() {
            Some(id) => routes::nothing(axum::Extension(id)).await,
            None => StatusCode::NOT_FOUND.into_response(),
        };
    };
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(kind)), (VARY, HeaderValue::from_static("Accept-Encoding"))];
    if takes_gzip(request.headers()) {
        return (headers, [(CONTENT_ENCODING, HeaderValue::from_static("gzip"))], *bytes).into_response();
    }
    let mut plain = Vec::new();
    match flate2::read::GzDecoder::new(*bytes).read_to_end(&mut plain) {
        Ok(_) => (headers, plain).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).any(|entry| {
        let (coding, parameters) = entry.split_once(';').unwrap_or((entry, ""));
        let is_refused = parameters.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse::<f32>().is_ok_and(|q| q == 0.0));
        matches!(coding.trim(), "gzip" | "*") && !is_refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_files_are_whole() {
        for (name, _, bytes) in COMPRESSED {
            let mut plain = String::new();
            flate2::read::GzDecoder::new(bytes).read_to_string(&mut plain).expect(name);
            assert!(include_str!("page.html").contains(&format!("/graphiql/{name}")), "{name}");
        }
        assert!(!include_str!("page.html").contains("https://"), "nothing comes from elsewhere");
    }

    #[test]
    fn the_first_query_signs_in_to_the_demo() {
        for part in [crate::demo::SIGN_INS[1].1, crate::demo::PASSWORD] {
            assert!(START.contains(&format!("\"{part}\"")), "{part}");
        }
    }

    #[test]
    fn gzip_is_sent_to_who_takes_it() {
        let takes = |value: &'static str| takes_gzip(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]));
        assert!(takes("gzip, br") && takes("br;q=0.5, gzip;q=0.8") && takes("*"));
        assert!(!takes("identity") && !takes("gzip;q=0") && !takes_gzip(&HeaderMap::new()));
    }
}
