//! Expected failures: what the caller can act on. Each mutation's contract lists its codes; here they are all.

use crate::email::HeldAddress;
use crate::id::UserId;
use crate::permission::Permission;
use crate::user::UserStatus;

macro_rules! codes {
    ($($name:ident $text:literal,)*) => {
        /// Codes of user errors, as in the contract. Which mutation answers which, and in which order, is said by its action.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum Code { $($name,)* }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// Its name in the API, e.g. `USER_NOT_FOUND`.
            pub fn name(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }
        }
    };
}

codes! {
    AccessTokenNotFound "ACCESS_TOKEN_NOT_FOUND",
    AddressNotHeld "ADDRESS_NOT_HELD",
    AlreadyDismissed "ALREADY_DISMISSED",
    AlreadyExtranet "ALREADY_EXTRANET",
    AlreadyIntranet "ALREADY_INTRANET",
    AlreadyUndone "ALREADY_UNDONE",
    AttendeeNotActive "ATTENDEE_NOT_ACTIVE",
    CannotDeleteSelf "CANNOT_DELETE_SELF",
    CannotDismissSelf "CANNOT_DISMISS_SELF",
    CannotMoveSelf "CANNOT_MOVE_SELF",
    ConfirmationMismatch "CONFIRMATION_MISMATCH",
    DepartmentNotFound "DEPARTMENT_NOT_FOUND",
    EmailInvalid "EMAIL_INVALID",
    EmailTaken "EMAIL_TAKEN",
    HandoverRequired "HANDOVER_REQUIRED",
    HeadNotEligible "HEAD_NOT_ELIGIBLE",
    HolderInvited "HOLDER_INVITED",
    IdempotencyInProgress "IDEMPOTENCY_IN_PROGRESS",
    IdempotencyKeyReused "IDEMPOTENCY_KEY_REUSED",
    InputInvalid "INPUT_INVALID",
    InvalidCredentials "INVALID_CREDENTIALS",
    InvitationInvalid "INVITATION_INVALID",
    LastAdministrator "LAST_ADMINISTRATOR",
    LastExtranetWorkgroup "LAST_EXTRANET_WORKGROUP",
    LoginEmailRequired "LOGIN_EMAIL_REQUIRED",
    ManagerNotEligible "MANAGER_NOT_ELIGIBLE",
    MemberNotEligible "MEMBER_NOT_ELIGIBLE",
    NameTaken "NAME_TAKEN",
    NotAMember "NOT_A_MEMBER",
    NotASession "NOT_A_SESSION",
    NotActive "NOT_ACTIVE",
    NotDismissed "NOT_DISMISSED",
    NotEligible "NOT_ELIGIBLE",
    NotGrantable "NOT_GRANTABLE",
    NotInvited "NOT_INVITED",
    NotPermitted "NOT_PERMITTED",
    OwnerNotEligible "OWNER_NOT_ELIGIBLE",
    PasswordTooWeak "PASSWORD_TOO_WEAK",
    RateLimited "RATE_LIMITED",
    ReassignmentNotFound "REASSIGNMENT_NOT_FOUND",
    RecipientNotActive "RECIPIENT_NOT_ACTIVE",
    RecipientNotEligible "RECIPIENT_NOT_ELIGIBLE",
    ReferenceNotFound "REFERENCE_NOT_FOUND",
    Referenced "REFERENCED",
    ReplacementRequired "REPLACEMENT_REQUIRED",
    ResponsibleNotEligible "RESPONSIBLE_NOT_ELIGIBLE",
    SeatLimitReached "SEAT_LIMIT_REACHED",
    SelectionEmpty "SELECTION_EMPTY",
    SelectionTooWide "SELECTION_TOO_WIDE",
    SessionEnded "SESSION_ENDED",
    StillRunning "STILL_RUNNING",
    SuccessorNotEligible "SUCCESSOR_NOT_ELIGIBLE",
    SystemUserProtected "SYSTEM_USER_PROTECTED",
    TargetIsAdministrator "TARGET_IS_ADMINISTRATOR",
    TokenInvalid "TOKEN_INVALID",
    TooManyRecords "TOO_MANY_RECORDS",
    UndoWindowExpired "UNDO_WINDOW_EXPIRED",
    UserNotFound "USER_NOT_FOUND",
    VersionConflict "VERSION_CONFLICT",
    WorkgroupNotEligible "WORKGROUP_NOT_ELIGIBLE",
    WorkgroupNotFound "WORKGROUP_NOT_FOUND",
}

impl Code {
    /// Rule R11: idempotency comes first, then what is not found, then NOT_PERMITTED, then VERSION_CONFLICT, then the rest.
    fn precedence(self) -> u8 {
        match self {
            Code::IdempotencyKeyReused | Code::IdempotencyInProgress => 0,
            Code::UserNotFound
            | Code::DepartmentNotFound
            | Code::WorkgroupNotFound
            | Code::ReassignmentNotFound
            | Code::AccessTokenNotFound
            | Code::ReferenceNotFound => 1,
            Code::NotPermitted => 2,
            Code::VersionConflict => 3,
            _ => 4,
        }
    }
}

/// One expected failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Stable code.
    pub code: Code,
    /// Text for people.
    pub message: String,
    /// Path of the input field at fault, e.g. `["input", "userId"]`; None when it is not about one field.
    pub field: Option<Vec<String>>,
}

impl Rejection {
    /// About the whole mutation.
    pub fn new(code: Code, message: impl Into<String>) -> Rejection {
        Rejection { code, message: message.into(), field: None }
    }

    /// About one field: the path below `input`, with dots, e.g. `handover.toUserIds.3`.
    pub fn at(code: Code, path: &str, message: impl Into<String>) -> Rejection {
        let field = std::iter::once("input").chain(path.split('.')).map(str::to_owned).collect();
        Rejection { code, message: message.into(), field: Some(field) }
    }
}

/// Who holds an address that is taken: shown with EMAIL_TAKEN to those who may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressHolder {
    /// The address and its roles.
    pub held: HeldAddress,
    /// Status of the holder.
    pub status: UserStatus,
}

/// Why a mutation was refused: nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    /// All faults of shape, or one reason (rule R11).
    pub rejections: Vec<Rejection>,
    /// With VERSION_CONFLICT: the person to be shown as they stand.
    pub conflicting_user: Option<UserId>,
    /// With EMAIL_TAKEN: the key of the address in question.
    pub taken_address: Option<String>,
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Refusal {
        Refusal { rejections: vec![rejection], ..Refusal::default() }
    }
}

/// Collects reasons against an action and answers the one that rule R11 asks for.
#[derive(Debug, Default)]
pub struct Reasons {
    found: Vec<Rejection>,
    taken_address: Option<String>,
}

impl Reasons {
    /// None so far.
    pub fn new() -> Reasons {
        Reasons::default()
    }

    /// Adds one.
    pub fn add(&mut self, rejection: Rejection) {
        self.found.push(rejection);
    }

    /// Adds one if the condition holds.
    pub fn add_if(&mut self, condition: bool, rejection: impl FnOnce() -> Rejection) {
        if condition {
            self.found.push(rejection());
        }
    }

    /// Adds EMAIL_TAKEN and remembers the address.
    pub fn add_taken(&mut self, path: &str, key: &str) {
        self.taken_address.get_or_insert_with(|| key.to_owned());
        self.found.push(Rejection::at(Code::EmailTaken, path, "This address is in use."));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The codes found, in the order of `codes` (the contract's), each once.
    pub fn codes(&self, codes: &[Code]) -> Vec<Code> {
        codes.iter().copied().filter(|c| self.found.iter().any(|r| r.code == *c)).collect()
    }

    /// Err with the first reason by rule R11, `codes` being the enum of the contract in its order.
    pub fn check(&mut self, codes: &[Code], target: Option<UserId>) -> Result<(), Refusal> {
        let rank = |code: Code| (code.precedence(), codes.iter().position(|c| *c == code).unwrap_or(usize::MAX));
        let Some(first) = self.found.iter().min_by_key(|r| rank(r.code)).cloned() else { return Ok(()) };
        Err(Refusal {
            conflicting_user: (first.code == Code::VersionConflict).then_some(target).flatten(),
            taken_address: (first.code == Code::EmailTaken).then(|| self.taken_address.clone()).flatten(),
            rejections: vec![first],
        })
    }
}

/// Collects faults of shape, all of which are answered at once (rule R11).
#[derive(Debug, Default)]
pub struct Faults {
    found: Vec<Rejection>,
}

impl Faults {
    /// None so far.
    pub fn new() -> Faults {
        Faults::default()
    }

    /// Adds INPUT_INVALID at a field, unless that field has a fault already.
    pub fn input(&mut self, path: &str, message: impl Into<String>) {
        self.push(Rejection::at(Code::InputInvalid, path, message));
    }

    /// Adds any fault, unless its field has one already.
    pub fn push(&mut self, rejection: Rejection) {
        if !self.found.iter().any(|r| r.field == rejection.field) {
            self.found.push(rejection);
        }
    }

    /// The value, or a fault at the field.
    pub fn take<T>(&mut self, path: &str, value: Result<T, String>) -> Option<T> {
        value.map_err(|expected| self.input(path, format!("`{path}` {expected}."))).ok()
    }

    /// The address, or EMAIL_INVALID at the field.
    pub fn email(&mut self, path: &str, text: &str) -> Option<crate::email::Email> {
        let email = crate::email::Email::parse(text);
        if email.is_none() {
            self.push(Rejection::at(Code::EmailInvalid, path, "This is not a well-formed email address."));
        }
        email
    }

    /// Ok without faults.
    pub fn finish(self) -> Result<(), Refusal> {
        if self.found.is_empty() { Ok(()) } else { Err(Refusal { rejections: self.found, ..Refusal::default() }) }
    }
}

/// How an action can fail.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Expected; becomes `userErrors`.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The caller's access ended meanwhile (rule I4).
    #[error("not signed in")]
    Unauthenticated,
    /// The caller lacks all of these permissions (rule R11); none: it is not open to access tokens (rule S4).
    #[error("one of these permissions is needed: {0:?}")]
    Forbidden(&'static [Permission]),
    /// The storage failed; its cause goes to the log only.
    #[error(transparent)]
    Storage(#[from] crate::storage::StorageError),
    /// A bug: the text goes to the log only.
    #[error("internal: {0}")]
    Internal(String),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Failure::Refused(refusal)
    }
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Failure {
        Failure::Refused(rejection.into())
    }
}
