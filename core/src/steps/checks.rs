//! Reasons that many actions look for.

use crate::engine::deny_reason;
use crate::policy::Verdict;
use crate::rejection::{Code, Reasons, Refusal, Rejection};
use crate::steps::handover::RECORDS_MAX;

/// VERSION_CONFLICT unless the version is the one expected.
pub fn check_version(expected: Option<i32>, present: i32, reasons: &mut Reasons) {
    reasons.add_if(expected.is_some_and(|e| e != present), || {
        Rejection::at(Code::VersionConflict, "expectedVersion", "Somebody changed it meanwhile.")
    });
}

/// The reason that goes with a verdict, if it is not to allow.
pub fn add_denial(verdict: Verdict, path: &str, reasons: &mut Reasons) {
    match verdict {
        Verdict::Allow => {}
        Verdict::Hide => reasons.add(Rejection::at(Code::UserNotFound, path, "No such user.")),
        Verdict::Deny(deny) => reasons.add(deny_reason(deny, path)),
    }
}

/// More records than a mutation moves in its own transaction (rule H7).
pub fn too_many_records(path: &str) -> Refusal {
    Rejection::at(Code::InputInvalid, path, format!("More than {RECORDS_MAX} records are selected: narrow the filter and repeat.")).into()
}
