//! One operation on a socket: through the same steps as a request over HTTP, with the caller looked at afresh.

use std::net::IpAddr;
use std::sync::Arc;

use futures_util::stream::StreamExt;
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::protocol::{self, Close};
use crate::graphql::{Bill, Call};
use crate::http::SharedApp;
use crate::http::adapter::{Document, Kind};
use crate::http::admission::{Admission, Denial, admit, run};
use crate::http::answer::{Fault, Outcome, Refusal, code, errors};
use crate::http::log::Underway;
use crate::http::params::Params;
use crate::http::request_id::RequestId;
use crate::http::volume::Held;
use crate::identity::{AuthenticationError, Caller};
use crate::telemetry::chain;

/// What an operation has to say.
pub enum Said {
    /// A result; more may come.
    Next(String),
    /// The last thing.
    Last(String),
    /// The whole socket is to be closed.
    Close(Close),
}

/// Something that an operation says.
pub struct Frame {
    /// Its name.
    pub id: Arc<str>,
    /// Which of the operations that had this name.
    pub number: u64,
    /// What.
    pub said: Said,
}

/// An operation, as it was asked for.
pub struct Operation {
    /// Everything.
    pub app: SharedApp,
    /// Its name.
    pub id: Arc<str>,
    /// Which of the operations that had this name.
    pub number: u64,
    /// The value of an `Authorization` header, from the introduction.
    pub authorization: Option<Arc<str>>,
    /// From where.
    pub peer: Option<IpAddr>,
    /// Where to say something. There is room for one frame of each operation.
    pub frames: mpsc::Sender<Frame>,
}

/// Why an operation does not run.
enum Stop {
    Faults(Vec<Fault>),
    Close(Close),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop::Faults(vec![refusal.fault()])
    }
}

impl Operation {
    /// Runs it to its end.
    pub async fn run(self, payload: Map<String, Value>, volume: Held) {
        let request_id = RequestId::new(&*self.app.clock);
        let mut underway = Underway::on_socket(self.peer, &request_id);
        match self.admitted(payload, volume, &request_id, &mut underway).await {
            Ok((document, call, admission)) if document.kind() == Some(Kind::Subscription) => {
                self.listen(document, call, admission, (&request_id, &mut underway)).await;
            }
            Ok((document, call, admission)) => match run(&self.app, document, call, admission).await {
                outcome @ Outcome::Executed { .. } => {
                    underway.came_to(&outcome);
                    self.say(Said::Next(protocol::next(&self.id, outcome.body(&request_id)))).await;
                    self.say(Said::Last(protocol::complete(&self.id))).await;
                }
                Outcome::NotExecutable(faults) => self.fail(&faults, &request_id, &mut underway).await,
            },
            Err(Stop::Faults(faults)) => self.fail(&faults, &request_id, &mut underway).await,
            Err(Stop::Close(close)) => {
                underway.failed(&[Refusal::unauthenticated().fault()]);
                self.say(Said::Close(close)).await;
            }
        }
    }

    async fn admitted(
        &self,
        payload: Map<String, Value>,
        volume: Held,
        request_id: &RequestId,
        underway: &mut Underway,
    ) -> Result<(Document, Call, Admission), Stop> {
        let document = self.app.adapter.parse(Params::from_object(payload)?);
        underway.is(document.as_ref().ok().and_then(Document::kind));
        let caller = self.caller(document.as_ref().is_ok_and(Document::only_refreshes)).await?;
        let document = document.map_err(|fault| Stop::Faults(vec![fault]))?;
        let mut call = Call { caller, request_id: request_id.as_str().to_owned(), peer: self.peer, bill: Bill::default() };
        let is_lasting = document.kind() == Some(Kind::Subscription);
        let volume = self.app.volume.keep(volume, document.values(), is_lasting, call.account()).map_err(Refusal::from)?;
        let admission = admit(&self.app, &document, &call).await.map_err(|denial| match denial {
            Denial::NotExecutable(faults) => Stop::Faults(faults),
            Denial::Refused(refusal) => refusal.into(),
        })?;
        if admission.was_waited_for() {
            call.caller = self.caller(document.only_refreshes()).await?;
        }
        call.bill = admission.bill;
        Ok((document, call, admission.holding(volume)))
    }

    /// Who calls, as they stand now (rule I4). Who is signed in no longer may at most prolong the session, where that is all there is.
    async fn caller(&self, only_refreshes: bool) -> Result<Caller, Stop> {
        match self.app.identity.authenticate(&self.app.engine, self.authorization.as_deref()).await {
            Ok(Caller::ExpiredSession) if only_refreshes => Ok(Caller::Anonymous),
            Ok(Caller::ExpiredSession) | Err(AuthenticationError::BadCredential) => Err(Stop::Close(Close::FORBIDDEN)),
            Ok(caller) => Ok(caller),
            Err(AuthenticationError::Storage(error)) => {
                tracing::error!(error = chain(&error), "the caller could not be looked up");
                Err(Refusal::unavailable().into())
            }
        }
    }

    async fn listen(&self, document: Document, call: Call, admission: Admission, (request_id, underway): (&RequestId, &mut Underway)) {
        let mut outcomes = Box::pin(self.app.adapter.stream(document, call).await);
        // It runs no longer: it waits.
        drop(admission);
        loop {
            // Before anything is read: what is read is sent, and not kept.
            let Ok(place) = self.frames.reserve().await else { return };
            let outcome = outcomes.next().await;
            outcome.iter().for_each(|outcome| underway.came_to(outcome));
            let said = match outcome {
                None => Said::Last(protocol::complete(&self.id)),
                Some(outcome) if !outcome.is_empty() => Said::Next(protocol::next(&self.id, outcome.body(request_id))),
                // Sign-in was lost in the middle of it.
                Some(outcome) if outcome.has(code::UNAUTHENTICATED) && self.authorization.is_some() => Said::Close(Close::FORBIDDEN),
                Some(outcome) => Said::Last(protocol::error(&self.id, errors(outcome.faults(), request_id))),
            };
            let is_last = !matches!(said, Said::Next(_));
            place.send(self.frame(said));
            if is_last {
                return;
            }
        }
    }

    async fn fail(&self, faults: &[Fault], request_id: &RequestId, underway: &mut Underway) {
        underway.failed(faults);
        self.say(Said::Last(protocol::error(&self.id, errors(faults, request_id)))).await;
    }

    async fn say(&self, said: Said) {
        // A socket that is closed hears nothing.
        let _ = self.frames.send(self.frame(said)).await;
    }

    fn frame(&self, said: Said) -> Frame {
        Frame { id: self.id.clone(), number: self.number, said }
    }
}
