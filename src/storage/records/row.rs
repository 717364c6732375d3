//! Records, as rows.

use std::str::FromStr;

use rust_decimal::Decimal;
use tenure_core::email::Email;
use tenure_core::id::{RecordId, UserId, WorkgroupId};
use tenure_core::record::{ActivityType, Money, Record, RecordDetail, RecordKind};
use tenure_core::storage::{RecordLine, Result};
use tenure_core::time::{Date, Timestamp, format_date, parse_date};
use tenure_entity::{record, record_detail, record_word};
use uuid::Uuid;

use crate::storage::error::corrupt;
use crate::storage::row::{ActorColumns, Row};

/// What [`record`] reads, from `record r` with [`DETAIL`].
pub(super) const COLUMNS: &str = "r.kind, r.id, r.version, r.title, r.responsible_id, r.created_by_kind, r.created_by_person, \
    r.created_by_token, r.created_by_name, r.is_closed, r.external_id, r.created_at, r.updated_at, r.provenance_id, r.workgroup_id, \
    r.subject_kind, r.subject_id, d.activity_type, d.due_at, d.website, d.industry, d.email_address, d.email_key, d.phone, \
    d.company_id, d.contact_id, d.deal_id, d.stage, d.source, d.amount, d.currency, d.day, d.size_in_bytes, d.media_type";

/// Joins what only some kinds have.
pub(super) const DETAIL: &str = " JOIN record_detail d ON d.kind = r.kind AND d.id = r.id";

/// What [`line`] reads.
pub(super) const LINE_COLUMNS: &str = "r.kind, r.id, r.responsible_id, r.is_closed, r.subject_kind, r.subject_id, r.version";

pub(super) fn line(row: &mut Row<'_>) -> Result<RecordLine> {
    Ok(RecordLine {
        id: row.record_id()?,
        responsible: UserId(row.uuid()?),
        is_closed: row.take()?,
        subject: row.optional_record_id()?,
        version: row.take()?,
    })
}

pub(super) fn record(row: &mut Row<'_>) -> Result<Record> {
    let id = row.record_id()?;
    Ok(Record {
        id,
        version: row.take()?,
        title: row.take()?,
        responsible: UserId(row.uuid()?),
        created_by: row.actor()?,
        is_closed: row.take()?,
        external_id: row.take()?,
        created_at: row.time()?,
        updated_at: row.time()?,
        provenance: row.take::<Option<Uuid>>()?.map(UserId),
        workgroup: row.take::<Option<Uuid>>()?.map(WorkgroupId),
        subject: row.optional_record_id()?,
        detail: detail(row, id.kind)?,
    })
}

fn detail(row: &mut Row<'_>, kind: RecordKind) -> Result<RecordDetail> {
    let (activity_type, due_at) = (row.take::<Option<i16>>()?, row.optional_time()?);
    let (website, industry) = (row.take()?, row.take()?);
    let (address, key, phone) = (row.take::<Option<String>>()?, row.take::<Option<String>>()?, row.take()?);
    let reference = |uuid: Option<Uuid>, kind| uuid.map(|uuid| RecordId { kind, uuid });
    let company = reference(row.take()?, RecordKind::Company);
    let contact = reference(row.take()?, RecordKind::Contact);
    let deal = reference(row.take()?, RecordKind::Deal);
    let (stage, source) = (row.take()?, row.take()?);
    let value = money(row.take()?, row.take()?)?;
    let day = day(row.take()?)?;
    let (size_in_bytes, media_type) = (row.take::<Option<i64>>()?, row.take::<Option<String>>()?);
    let missing = || corrupt("a detail of a record is missing");
    Ok(match kind {
        RecordKind::Activity => {
            RecordDetail::Activity { activity_type: activity_type.and_then(ActivityType::from_code).ok_or_else(missing)?, due_at }
        }
        RecordKind::Company => RecordDetail::Company { website, industry },
        RecordKind::Contact => {
            RecordDetail::Contact { email: address.zip(key).map(|(address, key)| Email::from_stored(address, key)), phone, company }
        }
        RecordKind::Deal => RecordDetail::Deal { stage, value, company, contact },
        RecordKind::Estimate => RecordDetail::Estimate { value, deal, valid_until: day },
        RecordKind::File => {
            RecordDetail::File { size_in_bytes: size_in_bytes.ok_or_else(missing)?, media_type: media_type.ok_or_else(missing)? }
        }
        RecordKind::Invoice => RecordDetail::Invoice { value, deal, due_on: day },
        RecordKind::Lead => RecordDetail::Lead { source, value },
        RecordKind::Task => RecordDetail::Task { due_at },
    })
}

/// Amounts are stored as text, with the scale they were given with.
fn money(amount: Option<String>, currency: Option<String>) -> Result<Option<Money>> {
    let Some((amount, currency)) = amount.zip(currency) else { return Ok(None) };
    let amount = Decimal::from_str(&amount).map_err(|_| corrupt("an amount is no number"))?;
    Ok(Some(Money { amount, currency }))
}

fn day(text: Option<String>) -> Result<Option<Date>> {
    text.map(|text| parse_date(&text).ok_or_else(|| corrupt("a day is no date"))).transpose()
}

pub(super) fn record_model(record: &Record) -> record::Model {
    let by = ActorColumns::from(&record.created_by);
    record::Model {
        kind: record.id.kind.code(),
        id: record.id.uuid,
        version: record.version,
        title: record.title.clone(),
        sort_key: record.sort_key(),
        responsible_id: record.responsible.0,
        created_by_kind: by.kind,
        created_by_person: by.person,
        created_by_token: by.token,
        created_by_name: by.name,
        is_closed: record.is_closed,
        external_id: record.external_id.clone(),
        created_at: record.created_at.0,
        updated_at: record.updated_at.0,
        provenance_id: record.provenance.map(|id| id.0),
        workgroup_id: record.workgroup.map(|id| id.0),
        subject_kind: record.subject.map(|id| id.kind.code()),
        subject_id: record.subject.map(|id| id.uuid),
    }
}

pub(super) fn detail_model(record: &Record) -> record_detail::Model {
    let mut model = record_detail::Model {
        kind: record.id.kind.code(),
        id: record.id.uuid,
        activity_type: None,
        due_at: None,
        website: None,
        industry: None,
        email_address: None,
        email_key: None,
        phone: None,
        company_id: None,
        contact_id: None,
        deal_id: None,
        stage: None,
        source: None,
        amount: None,
        currency: None,
        day: None,
        size_in_bytes: None,
        media_type: None,
    };
    let micros = |at: &Option<Timestamp>| at.map(|at| at.0);
    let uuid = |id: &Option<RecordId>| id.map(|id| id.uuid);
    let value = match &record.detail {
        RecordDetail::Activity { activity_type, due_at } => {
            model.activity_type = Some(activity_type.code());
            model.due_at = micros(due_at);
            None
        }
        RecordDetail::Company { website, industry } => {
            model.website.clone_from(website);
            model.industry.clone_from(industry);
            None
        }
        RecordDetail::Contact { email, phone, company } => {
            model.email_address = email.as_ref().map(|email| email.address().to_owned());
            model.email_key = email.as_ref().map(|email| email.key().to_owned());
            model.phone.clone_from(phone);
            model.company_id = uuid(company);
            None
        }
        RecordDetail::Deal { stage, value, company, contact } => {
            model.stage.clone_from(stage);
            model.company_id = uuid(company);
            model.contact_id = uuid(contact);
            value.as_ref()
        }
        RecordDetail::Estimate { value, deal, valid_until: day } | RecordDetail::Invoice { value, deal, due_on: day } => {
            model.deal_id = uuid(deal);
            model.day = day.map(format_date);
            value.as_ref()
        }
        RecordDetail::File { size_in_bytes, media_type } => {
            model.size_in_bytes = Some(*size_in_bytes);
            model.media_type = Some(media_type.clone());
            None
        }
        RecordDetail::Lead { source, value } => {
            model.source.clone_from(source);
            value.as_ref()
        }
        RecordDetail::Task { due_at } => {
            model.due_at = micros(due_at);
            None
        }
    };
    model.amount = value.map(|value| value.amount.to_string());
    model.currency = value.map(|value| value.currency.clone());
    model
}

pub(super) fn words(record: &Record) -> impl Iterator<Item = record_word::Model> {
    let (kind, id) = (record.id.kind.code(), record.id.uuid);
    record.words().into_iter().map(move |word| record_word::Model { kind, id, word })
}

/// The UUIDs of the tasks among these: only tasks have participants.
pub(super) fn task_uuids(ids: &[RecordId]) -> Vec<Uuid> {
    ids.iter().filter(|id| id.kind == RecordKind::Task).map(|id| id.uuid).collect()
}
