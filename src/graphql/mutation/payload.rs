//! What every mutation answers: objects, expected failures, and the root to go on reading from.

use tenure_core::rejection::{Code, Refusal};

use crate::graphql::error::{Fault, Result};

/// A payload: what is left of it when the mutation was refused.
pub trait Payload: Sized {
    /// Nothing but the reasons.
    fn refused(refusal: &Refusal) -> Result<Self>;
}

/// A code that a mutation answers although its contract does not list it: a bug.
pub fn unlisted(code: Code, mutation: &str) -> Fault {
    Fault::internal(&format!("{mutation} answers {}, which its contract does not list", code.name()))
}

/// Makes the payload, the error and the codes of a mutation, and ties the codes to those of `core`.
///
/// ```text
/// payload! {
///     dismiss, tenure_core::actions::dismiss::Dismiss;
///     /// Outcome of `dismiss`. …
///     DismissPayload {
///         /// The user after the change.
///         user: User,                     // every field is optional: `Option` is added
///     }
///     /// An expected failure of `dismiss`.
///     DismissError,
///     /// Codes of `DismissError`. …
///     DismissErrorCode {
///         /// No such user, or not visible to the viewer.
///         UserNotFound,                   // the names of `tenure_core::rejection::Code`, in the order of the contract
///     }
/// }
/// ```
///
/// `DismissPayload::refused(&refusal)` fills `userErrors`; `DismissPayload { user, ..DismissPayload::done() }` is an answer.
macro_rules! payload {
    (
        $mutation:ident $(, $action:ty)?;
        $(#[$payload_doc:meta])* $payload:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }
        $(#[$error_doc:meta])* $error:ident,
        $(#[$code_doc:meta])* $codes:ident { $($(#[$value_doc:meta])* $value:ident,)* }
    ) => {
        $(#[$code_doc])*
        #[derive(async_graphql::Enum, Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $codes { $($(#[$value_doc])* $value,)* }

        impl $codes {
            /// The codes of the contract, in its order.
            #[cfg(test)]
            pub const CODES: &'static [tenure_core::rejection::Code] = &[$(tenure_core::rejection::Code::$value,)*];

            /// The code of the contract, if it lists this one.
            pub fn of(code: tenure_core::rejection::Code) -> Option<Self> {
                match code {
                    $(tenure_core::rejection::Code::$value => Some($codes::$value),)*
                    _ => None,
                }
            }
        }

        $(#[$error_doc])*
        #[derive(async_graphql::SimpleObject, Debug, Clone)]
        pub struct $error {
            /// Stable code to branch on.
            code: $codes,
            /// Text for people; do not match on it.
            pub message: String,
            /// Path of the input field at fault, e.g. `["input", "userId"]`; null when it is not about one field.
            pub field: Option<Vec<String>>,
        }

        $(#[$payload_doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $payload {
            $($(#[$field_doc])* pub $field: Option<$type>,)*
            /// Expected failures, meant for the person at the screen; empty on success.
            user_errors: Vec<$error>,
            /// The root, to refetch other data in the same round trip.
            query: $crate::graphql::query::Query,
        }

        impl $payload {
            /// Without any object or failure.
            pub fn done() -> Self {
                Self { $($field: None,)* user_errors: Vec::new(), query: $crate::graphql::query::Query }
            }
        }

        impl $crate::graphql::mutation::payload::Payload for $payload {
            fn refused(refusal: &tenure_core::rejection::Refusal) -> $crate::graphql::error::Result<Self> {
                let error = |rejection: &tenure_core::rejection::Rejection| match $codes::of(rejection.code) {
                    Some(code) => Ok($error { code, message: rejection.message.clone(), field: rejection.field.clone() }),
                    None => Err($crate::graphql::mutation::payload::unlisted(rejection.code, stringify!($mutation))),
                };
                let user_errors = refusal.rejections.iter().map(error).collect::<$crate::graphql::error::Result<Vec<_>>>()?;
                Ok(Self { user_errors, ..Self::done() })
            }
        }

        $(
            #[cfg(test)]
            mod contract {
                #[test]
                fn $mutation() {
                    let action = <$action as tenure_core::engine::Action>::CODES;
                    assert_eq!(super::$codes::CODES, action, "the codes of the contract, in its order");
                }
            }
        )?
    };
}
pub(super) use payload;
