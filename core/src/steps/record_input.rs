//! A record to create or change, as given: its shape, and what it makes of a record.

use std::collections::HashMap;

use rust_decimal::Decimal;

use crate::email::Email;
use crate::id::{RecordId, UserId, WorkgroupId};
use crate::record::{ActivityType, Money, ParticipantRole, Record, RecordDetail, RecordKind};
use crate::rejection::{Code, Faults, Reasons, Rejection};
use crate::steps::input::{Patch, web_url};
use crate::text;
use crate::time::{Date, Timestamp};

/// Most participants of one task.
pub const PARTICIPANTS_MAX: usize = 100;
/// Largest amount of money, either side of zero.
pub const AMOUNT_MAX: i64 = 999_999_999_999_999;
/// Most digits behind the point of an amount.
pub const AMOUNT_SCALE_MAX: u32 = 4;
/// Largest size of a file, in bytes: 2^53 − 1, which every client can hold.
pub const SIZE_MAX: i64 = 9_007_199_254_740_991;

/// One record, as given. `Clear` is a null in the input.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct RecordInput {
    pub kind: RecordKind,
    pub external_id: String,
    pub title: Patch<String>,
    pub responsible_id: Option<UserId>,
    pub responsible_email: Option<String>,
    pub is_closed: Option<bool>,
    pub stage: Patch<String>,
    pub source: Patch<String>,
    pub amount: Patch<Decimal>,
    pub currency: Patch<String>,
    pub company_external_id: Patch<String>,
    pub contact_external_id: Patch<String>,
    pub deal_external_id: Patch<String>,
    pub subject_kind: Patch<RecordKind>,
    pub subject_external_id: Patch<String>,
    pub activity_type: Patch<ActivityType>,
    pub due_at: Patch<Timestamp>,
    pub due_on: Patch<Date>,
    pub email: Patch<String>,
    pub phone: Patch<String>,
    pub website: Patch<String>,
    pub industry: Patch<String>,
    pub workgroup_id: Patch<WorkgroupId>,
    pub participants: Patch<Vec<(UserId, Option<ParticipantRole>)>>,
    pub size_in_bytes: Patch<Decimal>,
    pub media_type: Patch<String>,
}

/// Who is to be responsible, as named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponsibleName {
    /// By ID.
    Id(UserId),
    /// By address.
    Email(Email),
}

/// One record, of good shape.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct RecordPatch {
    pub kind: RecordKind,
    pub external_id: String,
    pub title: Option<String>,
    pub responsible: Option<ResponsibleName>,
    pub is_closed: Option<bool>,
    pub company: Patch<(RecordKind, String)>,
    pub contact: Patch<(RecordKind, String)>,
    pub deal: Patch<(RecordKind, String)>,
    pub subject: Patch<(RecordKind, String)>,
    pub workgroup: Patch<WorkgroupId>,
    pub participants: Option<Vec<(UserId, ParticipantRole)>>,
    line: Patch<String>,
    phone: Patch<String>,
    amount: Patch<Decimal>,
    currency: Patch<String>,
    activity_type: Option<ActivityType>,
    due_at: Patch<Timestamp>,
    due_on: Patch<Date>,
    email: Patch<Email>,
    website: Patch<String>,
    size_in_bytes: Option<i64>,
    media_type: Option<String>,
}

impl RecordInput {
    /// Checks the shape; faults are named below `entities.{n}`.
    pub fn parse(self, n: usize, faults: &mut Faults) -> RecordPatch {
        let at = |field: &str| format!("entities.{n}.{field}");
        self.check_fields(n, faults);
        let mut line = |field: &str, value: Patch<String>, max: usize| value.parse(faults, &at(field), |v| text::line(&v, max));
        let stage = line("stage", self.stage, text::DETAIL_MAX);
        let source = line("source", self.source, text::DETAIL_MAX);
        let industry = line("industry", self.industry, text::DETAIL_MAX);
        let phone = line("phone", self.phone, text::DETAIL_MAX);
        let media_type = line("mediaType", self.media_type, text::DETAIL_MAX);
        let company = line("companyExternalId", self.company_external_id, text::EXTERNAL_ID_MAX);
        let contact = line("contactExternalId", self.contact_external_id, text::EXTERNAL_ID_MAX);
        let deal = line("dealExternalId", self.deal_external_id, text::EXTERNAL_ID_MAX);
        let subject_id = line("subjectExternalId", self.subject_external_id, text::EXTERNAL_ID_MAX);
        let title = match line("title", self.title, text::TITLE_MAX) {
            Patch::Set(title) => Some(title),
            Patch::Keep => None,
            Patch::Clear => {
                faults.input(&at("title"), "A title cannot be cleared.");
                None
            }
        };
        let external_id = faults.take(&at("externalId"), text::line(&self.external_id, text::EXTERNAL_ID_MAX)).unwrap_or_default();
        let currency = self.currency.parse(faults, &at("currency"), |v| currency(&v));
        let amount = self.amount.parse(faults, &at("amount"), amount);
        let website = self.website.parse(faults, &at("website"), |v| web_url(&v));
        let size = self.size_in_bytes.parse(faults, &at("sizeInBytes"), size);
        let email = match self.email {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(text) => Email::parse(&text).map_or_else(
                || {
                    faults.input(&at("email"), "This is not a well-formed email address.");
                    Patch::Keep
                },
                Patch::Set,
            ),
        };
        let responsible = match (self.responsible_id, self.responsible_email) {
            (Some(_), Some(_)) => {
                faults.input(&at("responsibleEmail"), "Give `responsibleId` or `responsibleEmail`, not both.");
                None
            }
            (Some(id), None) => Some(ResponsibleName::Id(id)),
            (None, Some(text)) => match Email::parse(&text) {
                Some(email) => Some(ResponsibleName::Email(email)),
                None => {
                    faults.input(&at("responsibleEmail"), "This is not a well-formed email address.");
                    None
                }
            },
            (None, None) => None,
        };
        let subject = match (self.subject_kind, subject_id) {
            (Patch::Set(RecordKind::Activity), _) => {
                faults.input(&at("subjectKind"), "Activities are not linked to activities.");
                Patch::Keep
            }
            (Patch::Set(kind), Patch::Set(id)) => Patch::Set((kind, id)),
            (Patch::Clear, Patch::Clear | Patch::Keep) | (Patch::Keep, Patch::Clear) => Patch::Clear,
            (Patch::Keep, Patch::Keep) => Patch::Keep,
            (Patch::Set(_), Patch::Keep | Patch::Clear) => {
                faults.input(&at("subjectExternalId"), "`subjectKind` and `subjectExternalId` are given together.");
                Patch::Keep
            }
            (Patch::Keep | Patch::Clear, Patch::Set(_)) => {
                faults.input(&at("subjectKind"), "`subjectKind` and `subjectExternalId` are given together.");
                Patch::Keep
            }
        };
        let participants = participants(self.participants, &at("participants"), faults);
        let with = |kind: RecordKind, value: Patch<String>| match value {
            Patch::Set(id) => Patch::Set((kind, id)),
            Patch::Clear => Patch::Clear,
            Patch::Keep => Patch::Keep,
        };
        RecordPatch {
            kind: self.kind,
            external_id,
            title,
            responsible,
            is_closed: self.is_closed,
            company: with(RecordKind::Company, company),
            contact: with(RecordKind::Contact, contact),
            deal: with(RecordKind::Deal, deal),
            subject,
            workgroup: self.workgroup_id,
            participants,
            // One kind has at most one of the three; which one, its detail knows.
            line: [stage, source, industry].into_iter().find(Patch::is_given).unwrap_or_default(),
            phone,
            amount,
            currency,
            activity_type: self.activity_type.value().copied(),
            due_at: self.due_at,
            due_on: self.due_on,
            email,
            website,
            size_in_bytes: size.value().copied(),
            media_type: media_type.value().cloned(),
        }
    }

    /// The kind decides which fields may be given.
    fn check_fields(&self, n: usize, faults: &mut Faults) {
        use RecordKind::*;
        let fields: [(&str, bool, &[RecordKind]); 20] = [
            ("stage", self.stage.is_given(), &[Deal]),
            ("source", self.source.is_given(), &[Lead]),
            ("amount", self.amount.is_given(), &[Lead, Deal, Estimate, Invoice]),
            ("currency", self.currency.is_given(), &[Lead, Deal, Estimate, Invoice]),
            ("companyExternalId", self.company_external_id.is_given(), &[Deal, Contact]),
            ("contactExternalId", self.contact_external_id.is_given(), &[Deal]),
            ("dealExternalId", self.deal_external_id.is_given(), &[Estimate, Invoice]),
            ("subjectKind", self.subject_kind.is_given(), &[Activity]),
            ("subjectExternalId", self.subject_external_id.is_given(), &[Activity]),
            ("activityType", self.activity_type.is_given(), &[Activity]),
            ("dueAt", self.due_at.is_given(), &[Activity, Task]),
            ("dueOn", self.due_on.is_given(), &[Estimate, Invoice]),
            ("email", self.email.is_given(), &[Contact]),
            ("phone", self.phone.is_given(), &[Contact]),
            ("website", self.website.is_given(), &[Company]),
            ("industry", self.industry.is_given(), &[Company]),
            ("workgroupId", self.workgroup_id.is_given(), &[Task, File]),
            ("participants", self.participants.is_given(), &[Task]),
            ("sizeInBytes", self.size_in_bytes.is_given(), &[File]),
            ("mediaType", self.media_type.is_given(), &[File]),
        ];
        for (name, given, kinds) in fields {
            if given && !kinds.contains(&self.kind) {
                let names: Vec<&str> = kinds.iter().map(|k| k.name()).collect();
                faults.input(
                    &format!("entities.{n}.{name}"),
                    format!("`{name}` is for {} only, not for {}.", names.join(", "), self.kind.name()),
                );
            }
        }
    }
}

fn currency(value: &str) -> Result<String, String> {
    let fits = value.len() == 3 && value.bytes().all(|b| b.is_ascii_uppercase());
    if fits { Ok(value.to_owned()) } else { Err("must be an ISO 4217 code, e.g. `EUR`".into()) }
}

fn amount(value: Decimal) -> Result<Decimal, String> {
    if value.abs() > Decimal::from(AMOUNT_MAX) || value.scale() > AMOUNT_SCALE_MAX {
        return Err(format!("must lie between -{AMOUNT_MAX} and {AMOUNT_MAX} with at most {AMOUNT_SCALE_MAX} digits behind the point"));
    }
    Ok(value)
}

fn size(value: Decimal) -> Result<i64, String> {
    let whole = value.normalize();
    let expected = || format!("must be a whole number from 0 to {SIZE_MAX}");
    let bytes: i64 = if whole.scale() == 0 { whole.try_into().map_err(|_| expected())? } else { return Err(expected()) };
    if (0..=SIZE_MAX).contains(&bytes) { Ok(bytes) } else { Err(expected()) }
}

fn participants(
    given: Patch<Vec<(UserId, Option<ParticipantRole>)>>,
    path: &str,
    faults: &mut Faults,
) -> Option<Vec<(UserId, ParticipantRole)>> {
    let list = match given {
        Patch::Keep => return None,
        Patch::Clear => Vec::new(),
        Patch::Set(list) => list,
    };
    if list.len() > PARTICIPANTS_MAX {
        faults.input(path, format!("A task has at most {PARTICIPANTS_MAX} participants."));
    }
    let mut parts = Vec::new();
    for (n, (user, role)) in list.into_iter().enumerate() {
        match role {
            Some(role) if !parts.contains(&(user, role)) => parts.push((user, role)),
            Some(_) => {}
            None => faults.input(&format!("{path}.{n}.role"), "Give PARTICIPANT or OBSERVER: the others follow from the task."),
        }
    }
    parts.sort();
    Some(parts)
}

impl RecordPatch {
    /// The details of the record afterwards. `references` resolves external IDs; what it does not know has been added to the reasons.
    pub fn detail(
        &self,
        n: usize,
        before: Option<&Record>,
        references: &HashMap<(RecordKind, String), RecordId>,
        reasons: &mut Reasons,
    ) -> RecordDetail {
        let refer = |patch: &Patch<(RecordKind, String)>, present: Option<RecordId>| match patch {
            Patch::Keep => present,
            Patch::Clear => None,
            Patch::Set(key) => references.get(key).copied(),
        };
        let text = |present: &Option<String>| self.line.clone().over(present.clone());
        match before.map_or_else(|| empty(self.kind), |r| r.detail.clone()) {
            RecordDetail::Activity { activity_type, due_at } => RecordDetail::Activity {
                activity_type: self.activity_type.unwrap_or(activity_type),
                due_at: self.due_at.clone().over(due_at),
            },
            RecordDetail::Company { website, industry } => {
                RecordDetail::Company { website: self.website.clone().over(website), industry: text(&industry) }
            }
            RecordDetail::Contact { email, phone, company } => RecordDetail::Contact {
                email: self.email.clone().over(email),
                phone: self.phone.clone().over(phone),
                company: refer(&self.company, company),
            },
            RecordDetail::Deal { stage, value, company, contact } => RecordDetail::Deal {
                stage: text(&stage),
                value: self.money(n, value, reasons),
                company: refer(&self.company, company),
                contact: refer(&self.contact, contact),
            },
            RecordDetail::Estimate { value, deal, valid_until } => RecordDetail::Estimate {
                value: self.money(n, value, reasons),
                deal: refer(&self.deal, deal),
                valid_until: self.due_on.clone().over(valid_until),
            },
            RecordDetail::File { size_in_bytes, media_type } => RecordDetail::File {
                size_in_bytes: self.size_in_bytes.unwrap_or(size_in_bytes),
                media_type: self.media_type.clone().unwrap_or(media_type),
            },
            RecordDetail::Invoice { value, deal, due_on } => RecordDetail::Invoice {
                value: self.money(n, value, reasons),
                deal: refer(&self.deal, deal),
                due_on: self.due_on.clone().over(due_on),
            },
            RecordDetail::Lead { source, value } => RecordDetail::Lead { source: text(&source), value: self.money(n, value, reasons) },
            RecordDetail::Task { due_at } => RecordDetail::Task { due_at: self.due_at.clone().over(due_at) },
        }
    }

    /// Amount and currency stand and fall together.
    fn money(&self, n: usize, present: Option<Money>, reasons: &mut Reasons) -> Option<Money> {
        let (amount, currency) = match present {
            Some(money) => (Some(money.amount), Some(money.currency)),
            None => (None, None),
        };
        // Clearing the amount clears the currency that went with it, unless one is given.
        let currency = if self.amount == Patch::Clear { None } else { currency };
        match (self.amount.clone().over(amount), self.currency.clone().over(currency)) {
            (Some(amount), Some(currency)) => Some(Money { amount, currency }),
            (None, None) => None,
            (Some(_), None) => {
                reasons.add(Rejection::at(Code::InputInvalid, &format!("entities.{n}.currency"), "An amount needs a `currency`."));
                None
            }
            (None, Some(_)) => {
                reasons.add(Rejection::at(Code::InputInvalid, &format!("entities.{n}.amount"), "A currency needs an `amount`."));
                None
            }
        }
    }
}

fn empty(kind: RecordKind) -> RecordDetail {
    match kind {
        RecordKind::Activity => RecordDetail::Activity { activity_type: ActivityType::Other, due_at: None },
        RecordKind::Company => RecordDetail::Company { website: None, industry: None },
        RecordKind::Contact => RecordDetail::Contact { email: None, phone: None, company: None },
        RecordKind::Deal => RecordDetail::Deal { stage: None, value: None, company: None, contact: None },
        RecordKind::Estimate => RecordDetail::Estimate { value: None, deal: None, valid_until: None },
        RecordKind::File => RecordDetail::File { size_in_bytes: 0, media_type: "application/octet-stream".into() },
        RecordKind::Invoice => RecordDetail::Invoice { value: None, deal: None, due_on: None },
        RecordKind::Lead => RecordDetail::Lead { source: None, value: None },
        RecordKind::Task => RecordDetail::Task { due_at: None },
    }
}
