//! Whom a message or an invitation to a meeting is for (rule S6).

use crate::engine::Change;
use crate::id::UserId;
use crate::rejection::{Code, Failure, Reasons, Rejection};
use crate::user::UserStatus;

/// How somebody is named who can be seen but not reached.
#[derive(Debug, Clone, Copy)]
pub struct Unreachable {
    /// The code.
    pub code: Code,
    /// What people read.
    pub message: &'static str,
}

/// USER_NOT_FOUND for each whom the caller cannot see, hidden and missing alike; `unreachable` for each who is seen and is not active. The
/// rows must be held, shared: nothing is ever written to somebody who was dismissed meanwhile. `addressed` comes with the paths.
pub async fn check_audience(
    change: &Change<'_>,
    addressed: &[(UserId, String)],
    unreachable: Unreachable,
    reasons: &mut Reasons,
) -> Result<(), Failure> {
    let access = change.access()?;
    let scope = access.user_scope();
    let companions = if scope.needs_companions() {
        let ids: Vec<UserId> = addressed.iter().map(|(id, _)| *id).collect();
        change.read().user_companions(access.person(), &ids).await?
    } else {
        Vec::new()
    };
    for (id, path) in addressed {
        match change.held(*id).filter(|user| scope.includes(user, companions.contains(id))) {
            None => reasons.add(Rejection::at(Code::UserNotFound, path, "No such user.")),
            Some(user) => reasons.add_if(user.status != UserStatus::Active, || Rejection::at(unreachable.code, path, unreachable.message)),
        }
    }
    Ok(())
}
