//! One operation: who calls, from where, and what it is performed with.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::Context;
use tenure_core::engine::Engine;
use tenure_core::permission::Permission;
use tenure_core::policy::Access;

use crate::config::Config;
use crate::identity::Identity;
use crate::live::Live;

use super::call::{Bill, Call};
use super::cohort::Cohort;
use super::error::{Fault, Result};
use super::view::View;

/// What belongs to one operation.
pub struct Operation {
    engine: Arc<Engine>,
    identity: Arc<Identity>,
    config: Arc<Config>,
    cohort: Cohort,
    live: Arc<Live>,
    view: Option<View>,
    call: Call,
    repeats: AtomicBool,
}

/// What every operation is performed with.
#[derive(Clone)]
pub struct Tools {
    /// Storage, clock, rules.
    pub engine: Arc<Engine>,
    /// Passwords and tokens.
    pub identity: Arc<Identity>,
    /// What was configured.
    pub config: Arc<Config>,
    /// Hears of events, and of who lost sign-in.
    pub live: Arc<Live>,
}

impl Operation {
    /// An operation of a caller; who was signed in once is nobody in particular.
    pub fn new(tools: Tools, call: Call) -> Operation {
        let Tools { engine, identity, config, live } = tools;
        let cohort = Cohort::on(call.account());
        let view = call.caller.access().map(|access| View::new(access.clone(), engine.clone(), &cohort));
        Operation { engine, identity, config, cohort, live, view, call, repeats: AtomicBool::new(false) }
    }

    /// The operation that a resolver belongs to.
    pub fn of<'c>(ctx: &Context<'c>) -> Result<&'c Operation> {
        ctx.data::<Arc<Operation>>().map(|operation| &**operation).map_err(|_| Fault::internal("an operation without its data"))
    }

    /// The same, for what outlives its resolver.
    pub fn shared(ctx: &Context<'_>) -> Result<Arc<Operation>> {
        ctx.data::<Arc<Operation>>().cloned().map_err(|_| Fault::internal("an operation without its data"))
    }

    /// Hears of events, and of who lost sign-in.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Has a subscription bring the last thing once more.
    pub fn ask_to_repeat(&self) {
        self.repeats.store(true, Ordering::Release);
    }

    /// Whether that was asked for since this was last looked at.
    pub fn is_asked_to_repeat(&self) -> bool {
        self.repeats.swap(false, Ordering::AcqRel)
    }

    /// Whose batches these are.
    pub fn cohort(&self) -> &Cohort {
        &self.cohort
    }

    /// Performs actions.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// What it was charged.
    pub fn bill(&self) -> &Bill {
        &self.call.bill
    }

    /// Its request, for the history and for support.
    pub fn request_id(&self) -> &str {
        &self.call.request_id
    }

    /// Who is signed in, if somebody is.
    pub fn viewer(&self) -> Option<&View> {
        self.view.as_ref()
    }

    /// Who is signed in.
    pub fn view(&self) -> Result<&View> {
        self.view.as_ref().ok_or(Fault::Unauthenticated)
    }
}

#[expect(dead_code, reason = "for signIn and its kin, which come next")]
impl Operation {
    /// Passwords and tokens.
    pub fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// What was configured.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// From where it came.
    pub fn peer(&self) -> Option<IpAddr> {
        self.call.peer
    }

    /// The standpoint of somebody who has signed in within this operation.
    pub fn view_of(&self, access: Access) -> View {
        View::new(access, self.engine.clone(), &self.cohort)
    }
}

/// The viewer: UNAUTHENTICATED without one.
pub fn view<'c>(ctx: &Context<'c>) -> Result<&'c View> {
    Operation::of(ctx)?.view()
}

/// The viewer, who needs one of these permissions: UNAUTHENTICATED, FORBIDDEN.
pub fn permitted<'c>(ctx: &Context<'c>, any_of: &'static [Permission]) -> Result<&'c View> {
    let view = view(ctx)?;
    view.require(any_of)?;
    Ok(view)
}
