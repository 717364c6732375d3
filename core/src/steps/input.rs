//! Shapes that several inputs share: fields that may be left out or null, filters, handovers.

use std::collections::BTreeSet;

use crate::id::UserId;
use crate::record::{RecordFilter, RecordKind};
use crate::rejection::{Code, Faults, Reasons, Rejection};
use crate::text;
use crate::time::TimeRange;
use crate::user::User;

/// Most successors of one handover.
pub const SUCCESSORS_MAX: usize = 20;
/// Most workgroups of one input.
pub const WORKGROUPS_MAX: usize = 20;
/// Most values in one list of a filter.
pub const FILTER_LIST_MAX: usize = 500;

/// A field of an input: left out, null, or a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Left out: left alone.
    #[default]
    Keep,
    /// Null: cleared.
    Clear,
    /// A value.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether it was given at all.
    pub fn is_given(&self) -> bool {
        !matches!(self, Patch::Keep)
    }

    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Patch::Set(value) => Some(value),
            Patch::Keep | Patch::Clear => None,
        }
    }

    /// What the field is afterwards.
    pub fn over(self, present: Option<T>) -> Option<T> {
        match self {
            Patch::Keep => present,
            Patch::Clear => None,
            Patch::Set(value) => Some(value),
        }
    }

    /// With the value parsed; a fault keeps the field.
    pub fn parse<U>(self, faults: &mut Faults, path: &str, parse: impl FnOnce(T) -> Result<U, String>) -> Patch<U> {
        match self {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(value) => faults.take(path, parse(value)).map_or(Patch::Keep, Patch::Set),
        }
    }
}

/// Conditions on records, as given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct RecordFilterInput {
    pub kinds: Option<Vec<RecordKind>>,
    pub is_closed: Option<bool>,
    pub query: Option<String>,
    pub responsible_ids: Option<Vec<UserId>>,
    pub is_orphaned: Option<bool>,
    pub former_responsible_ids: Option<Vec<UserId>>,
    pub external_ids: Option<Vec<String>>,
    pub updated_at: Option<TimeRange>,
}

/// The values of a closed set that are named, each once and in their order: what is made of a list is then bounded by the set, however long
/// the list is.
pub fn each_once<T: Ord + Copy>(named: impl IntoIterator<Item = T>) -> Vec<T> {
    named.into_iter().collect::<BTreeSet<T>>().into_iter().collect()
}

impl RecordFilterInput {
    /// The conditions; faults are named below `path`. An empty list is one (rule V8).
    pub fn parse(self, path: &str, faults: &mut Faults) -> RecordFilter {
        let mut list = |name: &str, len: Option<usize>| match len {
            Some(0) => faults.input(&format!("{path}.{name}"), format!("`{name}` must not be empty: leave it out for no condition.")),
            Some(n) if n > FILTER_LIST_MAX => {
                faults.input(&format!("{path}.{name}"), format!("`{name}` must hold at most {FILTER_LIST_MAX} values."))
            }
            _ => {}
        };
        let kinds = self.kinds.map(each_once);
        list("kinds", kinds.as_ref().map(Vec::len));
        list("responsibleIds", self.responsible_ids.as_ref().map(Vec::len));
        list("formerResponsibleIds", self.former_responsible_ids.as_ref().map(Vec::len));
        list("externalIds", self.external_ids.as_ref().map(Vec::len));
        let external_ids = self.external_ids.map(|ids| {
            let parse = |(n, id): (usize, String)| faults.take(&format!("{path}.externalIds.{n}"), text::line(&id, text::EXTERNAL_ID_MAX));
            ids.into_iter().enumerate().filter_map(parse).collect()
        });
        let words = match self.query {
            None => Vec::new(),
            Some(query) => {
                let words =
                    faults.take(&format!("{path}.query"), text::line(&query, text::QUERY_MAX)).map(|q| text::words(&q)).unwrap_or_default();
                if words.is_empty() {
                    faults.input(&format!("{path}.query"), "`query` must hold a letter or a digit: leave it out for no condition.");
                }
                words
            }
        };
        RecordFilter {
            kinds,
            is_closed: self.is_closed,
            words,
            responsible: self.responsible_ids,
            is_orphaned: self.is_orphaned,
            former_responsible: self.former_responsible_ids,
            external_ids,
            updated_at: self.updated_at.unwrap_or_default(),
        }
    }
}

/// A handover within another operation, as given.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct HandoverInput {
    pub to_user_ids: Vec<UserId>,
    pub filter: Option<RecordFilterInput>,
}

/// A handover within another operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoverOrder {
    /// Who takes over, in the order given.
    pub successors: Vec<UserId>,
    /// Which of the person's records.
    pub filter: RecordFilter,
}

impl HandoverInput {
    /// The order; faults are named below `handover`.
    pub fn parse(self, faults: &mut Faults) -> HandoverOrder {
        successors_shape(&self.to_user_ids, "handover.toUserIds", faults);
        let given = self.filter.unwrap_or_default();
        for (name, is_given) in [
            ("responsibleIds", given.responsible_ids.is_some()),
            ("isOrphaned", given.is_orphaned.is_some()),
            ("formerResponsibleIds", given.former_responsible_ids.is_some()),
        ] {
            if is_given {
                faults.input(
                    &format!("handover.filter.{name}"),
                    format!("`{name}` must not be given here: it is about this person's records."),
                );
            }
        }
        HandoverOrder { successors: self.to_user_ids, filter: given.parse("handover.filter", faults) }
    }
}

/// Number of successors.
pub fn successors_shape(successors: &[UserId], path: &str, faults: &mut Faults) {
    if successors.is_empty() || successors.len() > SUCCESSORS_MAX {
        faults.input(path, format!("Give 1 to {SUCCESSORS_MAX} people, not {}.", successors.len()));
    }
}

/// SUCCESSOR_NOT_ELIGIBLE for each that is not an active employee, named twice, or one of `sources`.
pub fn check_successors<'u>(
    successors: &[UserId],
    sources: &[UserId],
    path: &str,
    held: impl Fn(UserId) -> Option<&'u User>,
    reasons: &mut Reasons,
) {
    for (n, id) in successors.iter().enumerate() {
        let eligible = held(*id).is_some_and(User::is_active_employee) && !successors[..n].contains(id) && !sources.contains(id);
        reasons.add_if(!eligible, || {
            Rejection::at(
                Code::SuccessorNotEligible,
                &format!("{path}.{n}"),
                "A successor must be an active employee, named once, and not one of the present responsible people.",
            )
        });
    }
}

/// A note or another text of several lines that may be left out; blank counts as left out.
pub fn optional_paragraph(value: Option<String>, max: usize, path: &str, faults: &mut Faults) -> Option<String> {
    value.filter(|v| !v.trim().is_empty()).and_then(|v| faults.take(path, text::paragraph(&v, max)))
}

/// A text of one line that may be left out; blank counts as left out.
pub fn optional_line(value: Option<String>, max: usize, path: &str, faults: &mut Faults) -> Option<String> {
    value.filter(|v| !v.trim().is_empty()).and_then(|v| faults.take(path, text::line(&v, max)))
}

/// The key of an attempt: 1 to 255 characters (rule I8).
pub fn idempotency_key(value: Option<String>, faults: &mut Faults) -> Option<String> {
    value.and_then(|v| faults.take("idempotencyKey", text::line(&v, text::IDEMPOTENCY_KEY_MAX)))
}

/// An absolute `http` or `https` URL of bounded length, with a host.
pub fn web_url(value: &str) -> Result<String, String> {
    let value = text::line(value, text::URL_MAX)?;
    match url::Url::parse(&value) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() && !value.contains(char::is_whitespace) => Ok(value),
        Ok(_) | Err(_) => Err("must be an absolute `http` or `https` URL".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_urls() {
        assert!(web_url("https://pictures.example/ann.png").is_ok());
        for bad in ["javascript:alert(1)", "//x.example", "ftp://x.example", "data:text/html,x", "", "https://", "http://a b"] {
            assert!(web_url(bad).is_err(), "{bad}");
        }
    }
}
