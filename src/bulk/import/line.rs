//! One line: JSON, its kind, and its fields, as far as a line alone can say whether they are right.

use serde_json::{Map, Value};
use tenure_core::email::Email;
use tenure_core::id::{UserId, WorkgroupId};
use tenure_core::record::{ActivityType, ParticipantRole, RecordKind};
use tenure_core::rejection::{Code, Faults, Reasons, Refusal};
use tenure_core::steps::input::{Patch, WORKGROUPS_MAX};
use tenure_core::steps::record_input::{PARTICIPANTS_MAX, RecordInput, RecordPatch};
use tenure_core::text;
use tenure_core::time::Timestamp;
use tenure_core::user::{UserKind, UserStatus};
use uuid::Uuid;

use super::fields::{Fault, Fields, WHOLE, shown};
use super::lines::{LINE_MAX, Raw};

/// How a line names somebody.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum PersonName {
    /// By external ID.
    Key(String),
    /// By login or contact address.
    Email(Email),
}

/// The field that names something, and the name.
pub(super) type Reference<T> = (String, T);

/// A department.
#[derive(Debug, Clone)]
pub(super) struct DepartmentLine {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) parent: Option<String>,
    pub(super) head: Option<Reference<PersonName>>,
}

/// A workgroup.
#[derive(Debug, Clone)]
pub(super) struct WorkgroupLine {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) is_extranet: bool,
    pub(super) owner: Reference<PersonName>,
}

/// When and why somebody left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) at: Option<Timestamp>,
    pub(super) reason: Option<String>,
    pub(super) note: Option<String>,
}

/// A person.
#[derive(Debug, Clone)]
pub(super) struct PersonLine {
    pub(super) key: String,
    pub(super) email: Email,
    pub(super) status: UserStatus,
    pub(super) kind: UserKind,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) job_title: Option<String>,
    pub(super) department: Option<String>,
    pub(super) manager: Option<Reference<PersonName>>,
    pub(super) workgroups: Vec<String>,
    pub(super) left: Option<Left>,
}

/// A record. `patch` names neither people nor the workgroup: those are found by what stands beside it.
#[derive(Debug, Clone)]
pub(super) struct RecordLine {
    pub(super) patch: RecordPatch,
    pub(super) responsible: Reference<PersonName>,
    pub(super) workgroup: Option<String>,
    pub(super) participants: Option<Vec<(Reference<PersonName>, ParticipantRole)>>,
}

/// What a line holds.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    Department(DepartmentLine),
    Workgroup(WorkgroupLine),
    Person(PersonLine),
    Record(Box<RecordLine>),
}

/// The kinds of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LineKind {
    /// A department.
    Department,
    /// A workgroup.
    Workgroup,
    /// A person.
    Person,
    /// A record.
    Record(RecordKind),
}

/// A line that cannot be right, and what it would have been, so that who refers to it can be told.
#[derive(Debug, Clone)]
pub(super) struct BadLine {
    pub(super) faults: Vec<Fault>,
    pub(super) key: Option<(LineKind, String)>,
    /// The address of a person.
    pub(super) email: Option<Email>,
}

impl LineKind {
    fn from_name(name: &str) -> Option<LineKind> {
        match name {
            "DEPARTMENT" => Some(LineKind::Department),
            "WORKGROUP" => Some(LineKind::Workgroup),
            "PERSON" => Some(LineKind::Person),
            name => RecordKind::ALL.into_iter().find(|kind| kind.name() == name).map(LineKind::Record),
        }
    }
}

/// Reads a line.
pub(super) fn parse(raw: Raw<'_>, now: Timestamp) -> Result<Entry, BadLine> {
    let whole = |message: String| BadLine { faults: vec![Fault::new(WHOLE, message)], key: None, email: None };
    let object = match raw {
        Raw::TooLong => return Err(whole(format!("is longer than {LINE_MAX} bytes"))),
        Raw::NotText => return Err(whole("is not UTF-8".to_owned())),
        Raw::Text(text) => match serde_json::from_str(text) {
            Ok(Value::Object(object)) => object,
            Ok(_) => return Err(whole("must be a JSON object".to_owned())),
            Err(error) => return Err(whole(json_message(&error))),
        },
    };
    let mut faults = Vec::new();
    let email = object.get("email").and_then(Value::as_str).and_then(Email::parse);
    let (key, entry) = entry(object, now, &mut faults);
    match entry {
        Some(entry) if faults.is_empty() => Ok(entry),
        _ => {
            let email = email.filter(|_| matches!(key, Some((LineKind::Person, _))));
            Err(BadLine { faults, key, email })
        }
    }
}

/// Says what is wrong without a word of what stands there.
fn json_message(error: &serde_json::Error) -> String {
    let at = error.column();
    match error.classify() {
        serde_json::error::Category::Eof => format!("is JSON that ends too early, at column {at}"),
        _ if error.to_string().starts_with("recursion limit") => format!("is nested too deeply, at column {at}"),
        _ => format!("is not JSON, at column {at}"),
    }
}

fn entry(mut object: Map<String, Value>, now: Timestamp, faults: &mut Vec<Fault>) -> (Option<(LineKind, String)>, Option<Entry>) {
    let kind = match object.remove("kind") {
        Some(Value::String(name)) => LineKind::from_name(&name).ok_or_else(|| format!("`{}` is no kind", shown(&name))),
        Some(_) => Err("must be a text".to_owned()),
        None => Err("is missing".to_owned()),
    };
    let mut fields = Fields::of(object, "", faults);
    let kind = match kind {
        Ok(kind) => kind,
        Err(message) => {
            fields.fault("kind", message);
            return (None, None);
        }
    };
    let key = fields.line("externalId", text::EXTERNAL_ID_MAX);
    let named = key.clone().map(|key| (kind, key));
    let key = key.unwrap_or_default();
    let entry = match kind {
        LineKind::Department => department(key, &mut fields).map(Entry::Department),
        LineKind::Workgroup => workgroup(key, &mut fields).map(Entry::Workgroup),
        LineKind::Person => person(key, now, &mut fields).map(Entry::Person),
        LineKind::Record(kind) => record(kind, key, &mut fields).map(|line| Entry::Record(Box::new(line))),
    };
    fields.finish();
    (named, entry)
}

fn department(key: String, fields: &mut Fields<'_>) -> Option<DepartmentLine> {
    let name = fields.line("name", text::LABEL_MAX);
    let parent = fields.optional_line("parentExternalId", text::EXTERNAL_ID_MAX);
    let head = fields.person("head", false);
    Some(DepartmentLine { key, name: name?, parent, head })
}

fn workgroup(key: String, fields: &mut Fields<'_>) -> Option<WorkgroupLine> {
    let name = fields.line("name", text::LABEL_MAX);
    let is_given = fields.has("isExtranet");
    let is_extranet = fields.flag("isExtranet");
    if !is_given {
        fields.fault("isExtranet", "is missing");
    }
    let owner = fields.person("owner", true);
    Some(WorkgroupLine { key, name: name?, is_extranet: is_extranet?, owner: owner? })
}

fn person(key: String, now: Timestamp, fields: &mut Fields<'_>) -> Option<PersonLine> {
    let email = fields.email("email");
    let first_name = fields.line("firstName", text::NAME_MAX);
    let last_name = fields.line("lastName", text::NAME_MAX);
    let job_title = fields.optional_line("jobTitle", text::LABEL_MAX);
    let kind = fields.choice("userKind", &[("INTRANET", UserKind::Intranet), ("EXTRANET", UserKind::Extranet)]);
    let kind = kind.value().copied().unwrap_or(UserKind::Intranet);
    // Nobody is invited: an import sends no mails.
    let status = fields.choice("status", &[("ACTIVE", UserStatus::Active), ("DISMISSED", UserStatus::Dismissed)]);
    let status = status.value().copied().unwrap_or(UserStatus::Active);
    if kind == UserKind::Extranet {
        for inside in ["departmentExternalId", "managerExternalId", "managerEmail"] {
            if fields.has(inside) {
                fields.fault(inside, "external people have neither department nor manager");
            }
        }
    }
    let department = fields.optional_line("departmentExternalId", text::EXTERNAL_ID_MAX);
    let manager = fields.person("manager", false);
    let workgroups = workgroups(fields);
    if kind == UserKind::Extranet && status == UserStatus::Active && workgroups.as_ref().is_none_or(Vec::is_empty) {
        fields.fault("workgroupExternalIds", "an external person needs at least one extranet workgroup");
    }
    let left = dismissal(status, now, fields);
    Some(PersonLine {
        key,
        email: email?,
        status,
        kind,
        first_name: first_name?,
        last_name: last_name?,
        job_title,
        department,
        manager,
        workgroups: workgroups?,
        left,
    })
}

fn workgroups(fields: &mut Fields<'_>) -> Option<Vec<String>> {
    let mut keys: Vec<String> = Vec::new();
    let mut is_right = true;
    for (n, value) in fields.list("workgroupExternalIds", WORKGROUPS_MAX).value().cloned().unwrap_or_default().into_iter().enumerate() {
        let key = value.as_str().ok_or_else(|| "must be a text".to_owned());
        match key.and_then(|key| text::line(key, text::EXTERNAL_ID_MAX)) {
            Ok(key) if !keys.contains(&key) => keys.push(key),
            Ok(_) => {}
            Err(expected) => {
                fields.fault(&format!("workgroupExternalIds.{n}"), expected);
                is_right = false;
            }
        }
    }
    is_right.then_some(keys)
}

fn dismissal(status: UserStatus, now: Timestamp, fields: &mut Fields<'_>) -> Option<Left> {
    if status != UserStatus::Dismissed {
        if fields.has("dismissal") {
            fields.fault("dismissal", "is for people whose status is DISMISSED only");
        }
        fields.object("dismissal");
        return None;
    }
    let Some(object) = fields.object("dismissal") else { return Some(Left { at: None, reason: None, note: None }) };
    let mut within = Fields::of(object, "dismissal.", fields.faults());
    let at = within.instant("dismissedAt").value().copied();
    if at.is_some_and(|at| at > now) {
        within.fault("dismissedAt", "must not lie in the future");
    }
    let reason = within.optional_line("reason", text::REASON_MAX);
    let note = within.optional_paragraph("note", text::NOTE_MAX);
    within.finish();
    Some(Left { at, reason, note })
}

const ACTIVITY_TYPES: &[(&str, ActivityType)] =
    &[("CALL", ActivityType::Call), ("MEETING", ActivityType::Meeting), ("EMAIL", ActivityType::Email), ("OTHER", ActivityType::Other)];

fn record(kind: RecordKind, key: String, fields: &mut Fields<'_>) -> Option<RecordLine> {
    let kinds = RecordKind::ALL.map(|kind| (kind.name(), kind));
    let title = fields.line("title", text::TITLE_MAX);
    let responsible = fields.person("responsible", true);
    let workgroup = fields.optional_line("workgroupExternalId", text::EXTERNAL_ID_MAX);
    let participants = participants(fields);
    // Without a key there is a fault already; the rest of the line is looked at all the same.
    let external_id = if key.is_empty() { "-".to_owned() } else { key };
    let input = RecordInput {
        kind,
        external_id,
        title: title.clone().map_or(Patch::Keep, Patch::Set),
        responsible_id: None,
        responsible_email: None,
        is_closed: fields.flag("isClosed"),
        stage: fields.text("stage"),
        source: fields.text("source"),
        amount: fields.decimal("amount"),
        currency: fields.text("currency"),
        company_external_id: fields.text("companyExternalId"),
        contact_external_id: fields.text("contactExternalId"),
        deal_external_id: fields.text("dealExternalId"),
        subject_kind: fields.choice("subjectKind", &kinds),
        subject_external_id: fields.text("subjectExternalId"),
        activity_type: fields.choice("activityType", ACTIVITY_TYPES),
        due_at: fields.instant("dueAt"),
        due_on: fields.date("dueOn"),
        email: fields.text("email"),
        phone: fields.text("phone"),
        website: fields.text("website"),
        industry: fields.text("industry"),
        // Stand-ins: which kinds may have them is looked at here, who and which they are later.
        workgroup_id: workgroup.as_ref().map_or(Patch::Keep, |_| Patch::Set(WorkgroupId(Uuid::nil()))),
        participants: participants.as_ref().map_or(Patch::Keep, |_| Patch::Set(Vec::<(UserId, Option<ParticipantRole>)>::new())),
        size_in_bytes: fields.decimal("sizeInBytes"),
        media_type: fields.text("mediaType"),
    };
    let mut shape = Faults::new();
    let patch = input.parse(0, &mut shape);
    let mut reasons = Reasons::new();
    patch.detail(0, None, &std::collections::HashMap::new(), &mut reasons);
    for refusal in [shape.finish(), reasons.check(&[Code::InputInvalid], None)].into_iter().filter_map(Result::err) {
        add_refusal(refusal, fields);
    }
    title?;
    Some(RecordLine { patch, responsible: responsible?, workgroup, participants })
}

/// What the rules say of a field, in the words of the file.
fn add_refusal(refusal: Refusal, fields: &mut Fields<'_>) {
    let translate = |text: &str| text.replace("entities.0.", "").replace("workgroupId", "workgroupExternalId");
    for rejection in refusal.rejections {
        let path = rejection.field.unwrap_or_default();
        let field = translate(&path.get(3..).unwrap_or_default().join("."));
        fields.fault(&field, translate(&rejection.message));
    }
}

fn participants(fields: &mut Fields<'_>) -> Option<Vec<(Reference<PersonName>, ParticipantRole)>> {
    let list = match fields.list("participants", PARTICIPANTS_MAX) {
        Patch::Keep => return None,
        Patch::Clear => Vec::new(),
        Patch::Set(list) => list,
    };
    let mut parts = Vec::with_capacity(list.len());
    for (n, value) in list.into_iter().enumerate() {
        let Value::Object(object) = value else {
            fields.fault(&format!("participants.{n}"), "must be an object");
            continue;
        };
        let mut within = Fields::of(object, &format!("participants.{n}."), fields.faults());
        let is_given = within.has("role");
        let role = within.choice("role", &[("PARTICIPANT", ParticipantRole::Participant), ("OBSERVER", ParticipantRole::Observer)]);
        if !is_given {
            within.fault("role", "is missing");
        }
        let person = within.person("user", true);
        within.finish();
        parts.extend(person.zip(role.value().copied()));
    }
    Some(parts)
}
