//! People who ask: requests are their methods.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::answer::{Answer, Outcome};
use super::watch::{self, Watch};

/// Somebody at the other end of the wire: signed in, with an access token, or nobody in particular.
#[derive(Debug, Clone)]
pub struct Person {
    client: reqwest::Client,
    url: String,
    token: Option<String>,
    refresh_token: Option<String>,
}

impl Person {
    /// Nobody in particular.
    pub fn anonymous(url: String) -> Person {
        Person { client: reqwest::Client::new(), url, token: None, refresh_token: None }
    }

    /// With a token.
    pub fn with_token(url: String, token: &str) -> Person {
        Person { token: Some(token.to_owned()), ..Person::anonymous(url) }
    }

    /// Signs in; fails the test when that is refused.
    pub async fn sign_in(url: String, email: &str, password: &str) -> Person {
        let stranger = Person::anonymous(url);
        let ask = || stranger.run("signIn", json!({"email": email, "password": password}), "session { accessToken refreshToken }");
        let mut outcome = ask().await;
        // A machine with too much to do says so within half a second, and means that one should come again.
        for _ in 0..20 {
            if outcome.answer.error_codes() != ["SERVICE_UNAVAILABLE"] {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
            outcome = ask().await;
        }
        let outcome = outcome.ok();
        Person { token: Some(outcome.text("session.accessToken")), refresh_token: Some(outcome.text("session.refreshToken")), ..stranger }
    }

    /// The same person at another server.
    pub fn at(&self, url: String) -> Person {
        Person { url, ..self.clone() }
    }

    /// What is sent as bearer.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("a token")
    }

    /// The secret to prolong the session with.
    pub fn refresh_token(&self) -> &str {
        self.refresh_token.as_deref().expect("a refresh token")
    }

    /// Where their server is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What they send to say who they are.
    pub fn authorization(&self) -> Option<String> {
        self.token.as_ref().map(|token| format!("Bearer {token}"))
    }

    /// A request with the person's credentials, to be filled by the test.
    pub fn request(&self, method: reqwest::Method) -> RequestBuilder {
        let request = self.client.request(method, &self.url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends any body as JSON.
    pub async fn post(&self, body: &Value) -> Answer {
        let response = self.request(reqwest::Method::POST).json(body).send().await.expect("an answer");
        let answer = Answer::read(response).await;
        watch::note_reasons(&answer.body);
        answer
    }

    /// Asks a query or runs an operation, whatever it is.
    pub async fn query(&self, document: &str, variables: Value) -> Answer {
        self.post(&json!({"query": document, "variables": variables})).await
    }

    /// Runs one mutation with its input; `selection` is what is asked for beside `userErrors`.
    pub async fn run(&self, mutation: &str, input: Value, selection: &str) -> Outcome {
        let mut input_type = mutation.to_owned();
        input_type[..1].make_ascii_uppercase();
        let document = format!(
            "mutation Run($input: {input_type}Input!) {{ {mutation}(input: $input) {{ {selection} userErrors {{ code message field }} }} }}"
        );
        let watch = Watch::begin(mutation).await;
        let answer = self.query(&document, json!({"input": input})).await;
        let outcome = Outcome { mutation: mutation.to_owned(), answer };
        watch.end(&outcome).await;
        outcome
    }
}
