//! What comes back.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// The answer to a request.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body as JSON; null when it was none.
    pub body: Value,
}

impl Answer {
    /// Reads a response to its end.
    pub async fn read(response: reqwest::Response) -> Answer {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("a body");
        Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
    }

    /// Fails the test unless all went well.
    #[track_caller]
    pub fn ok(self) -> Answer {
        assert!(self.status.is_success() && self.body.get("errors").is_none(), "expected success, got {} {:#}", self.status, self.body);
        self
    }

    /// What lies at a path in `data`, e.g. `users.nodes.0.displayName`; fails the test when there is nothing.
    #[track_caller]
    pub fn at(&self, path: &str) -> &Value {
        find(&self.body["data"], path).unwrap_or_else(|| panic!("nothing at {path} in {:#}", self.body))
    }

    /// The text at a path in `data`.
    #[track_caller]
    pub fn text(&self, path: &str) -> String {
        self.at(path).as_str().unwrap_or_else(|| panic!("no text at {path} in {:#}", self.body)).to_owned()
    }

    /// The list at a path in `data`.
    #[track_caller]
    pub fn list(&self, path: &str) -> &Vec<Value> {
        self.at(path).as_array().unwrap_or_else(|| panic!("no list at {path} in {:#}", self.body))
    }

    /// The codes of the request errors.
    pub fn error_codes(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array();
        errors.into_iter().flatten().map(|e| e["extensions"]["code"].as_str().unwrap_or("?").to_owned()).collect()
    }

    /// Fails the test unless the request has exactly this error.
    #[track_caller]
    pub fn fails(self, code: &str) -> Answer {
        assert_eq!(self.error_codes(), [code], "{} {:#}", self.status, self.body);
        self
    }
}

/// The answer to a mutation.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub mutation: String,
    pub answer: Answer,
}

impl Outcome {
    /// Fails the test unless the mutation did what it was asked for.
    #[track_caller]
    pub fn ok(self) -> Outcome {
        assert!(self.answer.error_codes().is_empty() && self.codes().is_empty(), "{} was refused: {:#}", self.mutation, self.answer.body);
        assert!(!self.payload().is_null(), "{}: no payload in {:#}", self.mutation, self.answer.body);
        self
    }

    /// Fails the test unless the mutation was refused with exactly this code.
    #[track_caller]
    pub fn refused(self, code: &str) -> Outcome {
        assert_eq!(self.codes(), [code], "{} answered {:#}", self.mutation, self.answer.body);
        self
    }

    /// Fails the test unless the mutation was refused with exactly these codes at these fields, e.g. `("INPUT_INVALID", "input.reason")`.
    #[track_caller]
    pub fn refused_at(self, expected: &[(&str, &str)]) -> Outcome {
        let field = |e: &Value| {
            let parts = e["field"].as_array().into_iter().flatten();
            parts.map(|part| part.as_str().unwrap_or("?").to_owned()).collect::<Vec<_>>().join(".")
        };
        let found: Vec<(String, String)> = self.user_errors().map(|e| (e["code"].as_str().unwrap_or("?").to_owned(), field(e))).collect();
        let expected: Vec<(String, String)> = expected.iter().map(|(code, field)| ((*code).to_owned(), (*field).to_owned())).collect();
        assert_eq!(found, expected, "{} answered {:#}", self.mutation, self.answer.body);
        self
    }

    /// Fails the test unless the mutation failed with exactly this request error.
    #[track_caller]
    pub fn fails(self, code: &str) -> Outcome {
        let Outcome { mutation, answer } = self;
        let answer = answer.fails(code);
        Outcome { mutation, answer }
    }

    /// What lies at a path in the payload, e.g. `user.status`.
    #[track_caller]
    pub fn at(&self, path: &str) -> &Value {
        find(self.payload(), path).unwrap_or_else(|| panic!("{}: nothing at {path} in {:#}", self.mutation, self.answer.body))
    }

    /// The text at a path in the payload.
    #[track_caller]
    pub fn text(&self, path: &str) -> String {
        self.at(path).as_str().unwrap_or_else(|| panic!("{}: no text at {path} in {:#}", self.mutation, self.answer.body)).to_owned()
    }

    /// What the caller was told in one word: `OK`, or the codes of why not.
    pub fn verdict(&self) -> String {
        let errors = self.answer.error_codes();
        match (errors.as_slice(), self.codes().as_slice()) {
            ([], []) if self.payload().is_object() => "OK".to_owned(),
            ([], []) => format!("HTTP {}", self.answer.status.as_u16()),
            ([], codes) => codes.join(" "),
            (errors, _) => errors.join(" "),
        }
    }

    /// The whole payload.
    pub fn payload(&self) -> &Value {
        &self.answer.body["data"][&self.mutation]
    }

    /// The codes of the user errors, each once.
    pub fn user_codes(&self) -> Vec<String> {
        let mut codes: Vec<String> = self.codes().into_iter().map(str::to_owned).collect();
        codes.sort();
        codes.dedup();
        codes
    }

    fn user_errors(&self) -> impl Iterator<Item = &Value> {
        self.payload()["userErrors"].as_array().into_iter().flatten()
    }

    fn codes(&self) -> Vec<&str> {
        self.user_errors().map(|e| e["code"].as_str().unwrap_or("?")).collect()
    }
}

fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').filter(|step| !step.is_empty()).try_fold(value, |value, step| match step.parse::<usize>() {
        Ok(index) => value.get(index),
        Err(_) => value.get(step),
    })
}

#[test]
fn paths_lead_through_objects_and_lists() {
    let value = serde_json::json!({"users": {"nodes": [{"name": "Ann"}, {"name": null}]}});
    assert_eq!(find(&value, "users.nodes.0.name"), Some(&"Ann".into()));
    assert_eq!(find(&value, "users.nodes.1.name"), Some(&Value::Null));
    assert_eq!(find(&value, "users.nodes.2.name"), None);
}
