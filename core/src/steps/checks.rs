//! Reasons that many actions look for.

use crate::engine::deny_reason;
use crate::policy::{Access, Deny, Verdict};
use crate::rejection::{Code, Reasons, Refusal, Rejection};
use crate::steps::handover::RECORDS_MAX;
use crate::user::User;

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

/// TARGET_IS_ADMINISTRATOR unless the caller is one too. Said beside NOT_PERMITTED, which is all that the table has to say (rule R9).
pub fn check_protected(access: &Access, target: &User, path: &str, reasons: &mut Reasons) {
    let protected = target.is_active_administrator() && !access.is_administrator();
    reasons.add_if(protected, || deny_reason(Deny::TargetIsAdministrator, path));
}

/// More records than a mutation moves in its own transaction (rule H7).
pub fn too_many_records(path: &str) -> Refusal {
    Rejection::at(Code::InputInvalid, path, format!("More than {RECORDS_MAX} records are selected: narrow the filter and repeat.")).into()
}

/// INVALID_CREDENTIALS at the field of the present password.
pub fn wrong_password(path: &str) -> Rejection {
    Rejection::at(Code::InvalidCredentials, path, "The password is wrong.")
}

/// What is personal is for sessions only (rule S4).
pub fn not_a_session() -> Rejection {
    Rejection::new(Code::NotASession, "An access token cannot do this: sign in.")
}

/// PASSWORD_TOO_WEAK at a field.
pub fn too_weak(path: &str) -> Rejection {
    Rejection::at(Code::PasswordTooWeak, path, "Choose 12 to 256 characters that are not easy to guess.")
}

/// RATE_LIMITED.
pub fn limited() -> Rejection {
    Rejection::new(Code::RateLimited, "Too many attempts: try again in a quarter of an hour.")
}
