//! What people answer for: records of all nine kinds, as they were made. `history` moves them on.

use rust_decimal::Decimal;
use tenure_core::email::Email;
use tenure_core::id::{RecordId, WorkgroupId};
use tenure_core::record::{ActivityType, Money, ParticipantRole, Record, RecordDetail, RecordKind, TaskParticipant};
use tenure_core::text;
use tenure_core::time::Timestamp;

use super::calendar::Calendar;
use super::dice::Dice;
use super::people::{People, Place};
use super::structure::Structure;
use super::words;

/// How many of each kind. Kinds come behind those that they refer to.
const COUNTS: [(RecordKind, usize); 9] = [
    (RecordKind::Company, 120),
    (RecordKind::Contact, 220),
    (RecordKind::Lead, 140),
    (RecordKind::Deal, 240),
    (RecordKind::Estimate, 150),
    (RecordKind::Invoice, 160),
    (RecordKind::Task, 120),
    (RecordKind::File, 70),
    (RecordKind::Activity, 280),
];

/// How far back the oldest record goes, in days.
const OLDEST: i64 = 540;

/// A record on its way through the year.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) record: Record,
    /// Who has it, as a place in the list of people.
    pub(super) owner: usize,
    pub(super) closed_at: Option<Timestamp>,
    /// Stays with its leaver whatever happens: there is something to hand over in the demo.
    pub(super) is_kept: bool,
}

/// All records.
pub(super) struct Records {
    pub(super) drafts: Vec<Draft>,
    pub(super) participants: Vec<TaskParticipant>,
}

/// What one record is drawn from.
struct Sketch<'a> {
    people: &'a People,
    structure: &'a Structure,
    calendar: &'a Calendar,
    /// The leaver who keeps records of every kind, and the others, who keep one task each.
    leavers: Vec<usize>,
}

impl Records {
    /// Draws all records up.
    pub(super) fn draw(people: &People, structure: &Structure, calendar: &Calendar, dice: &mut Dice) -> Records {
        let leavers = (0..people.0.len()).filter(|i| people.0[*i].dismissed_at.is_some()).collect();
        let sketch = Sketch { people, structure, calendar, leavers };
        let mut records = Records { drafts: Vec::with_capacity(1500), participants: Vec::new() };
        for (kind, count) in COUNTS {
            for number in 0..count {
                let draft = records.draft(kind, number, &sketch, dice);
                records.drafts.push(draft);
            }
        }
        records.join_tasks(&sketch, dice);
        records
    }

    /// Drafts of a kind, in the order in which they were drawn.
    fn of(&self, kind: RecordKind) -> &[Draft] {
        let start = self.drafts.iter().position(|d| d.record.id.kind == kind).unwrap_or(self.drafts.len());
        let length = self.drafts[start..].iter().take_while(|d| d.record.id.kind == kind).count();
        &self.drafts[start..start + length]
    }

    fn draft(&self, kind: RecordKind, number: usize, sketch: &Sketch<'_>, dice: &mut Dice) -> Draft {
        let calendar = sketch.calendar;
        let kept_by = sketch.keeper(kind, number);
        let base = self.base(kind, number, kept_by, dice);
        let workgroup = match kind {
            RecordKind::Task | RecordKind::File if kept_by.is_none() && dice.chance(65) => Some(dice.pick(&sketch.structure.workgroups)),
            _ => None,
        };
        let earliest =
            [Some(calendar.day(OLDEST)), base.map(|b| b.record.created_at), workgroup.map(|w| w.created_at.plus_seconds(86_400))];
        let mut from = earliest.into_iter().flatten().max().unwrap_or(calendar.day(OLDEST));
        let mut until = calendar.now();
        if let Some(keeper) = kept_by.map(|k| &sketch.people.0[k]) {
            from = from.max(keeper.accepted_at.unwrap_or(from));
            until = keeper.dismissed_at.unwrap_or(until).plus_seconds(-3600);
        }
        if kind == RecordKind::Activity {
            // Errands are run while the matter is fresh, so that most of them are the owner's.
            until = until.min(from.plus_seconds(25 * 86_400));
        }
        let created_at = calendar.moment_between(from, until, dice);
        let owner = kept_by.unwrap_or_else(|| sketch.owner(base, workgroup.map(|w| w.id), (kind, created_at), dice));
        let is_closed = if kept_by.is_some() { number % 2 == 1 } else { dice.chance(closed_percent(kind)) };
        let closed_at = is_closed.then(|| calendar.moment_between(created_at, until, dice));
        let (title, detail) = self.content(base, &Content { kind, number, created_at, is_closed }, dice);
        let record = Record {
            id: RecordId { kind, uuid: calendar.id_at(created_at) },
            version: 1,
            title,
            responsible: sketch.people.0[owner].user.id,
            created_by: sketch.people.0[owner].actor(),
            is_closed,
            external_id: dice.chance(70).then(|| format!("ERP-{}-{:05}", kind.name(), 10_000 + number * 7)),
            created_at,
            updated_at: created_at,
            provenance: None,
            workgroup: workgroup.map(|w| w.id),
            subject: (kind == RecordKind::Activity).then(|| base.map(|b| b.record.id)).flatten(),
            detail,
        };
        Draft { record, owner, closed_at, is_kept: kept_by.is_some() }
    }

    /// The record that another one is about: the company of a contact, the deal of an invoice, …
    fn base(&self, kind: RecordKind, number: usize, kept_by: Option<usize>, dice: &mut Dice) -> Option<&Draft> {
        let of = match kind {
            RecordKind::Contact => RecordKind::Company,
            RecordKind::Deal => RecordKind::Contact,
            RecordKind::Estimate | RecordKind::Invoice => RecordKind::Deal,
            RecordKind::Activity => *dice.pick(&[
                RecordKind::Deal,
                RecordKind::Deal,
                RecordKind::Deal,
                RecordKind::Contact,
                RecordKind::Company,
                RecordKind::Lead,
                RecordKind::Estimate,
                RecordKind::Invoice,
            ]),
            RecordKind::Company | RecordKind::Lead | RecordKind::Task | RecordKind::File => return None,
        };
        let all = self.of(of);
        match kept_by {
            // What a leaver keeps is about what they keep.
            Some(_) => all.get(number % 2),
            // One activity in ten is about nothing in particular.
            None if kind == RecordKind::Activity && dice.chance(10) => None,
            None => all.get(dice.below(all.len())),
        }
    }

    fn content(&self, base: Option<&Draft>, made: &Content, dice: &mut Dice) -> (String, RecordDetail) {
        let number = made.number;
        let about = base.map(|b| b.record.title.clone()).unwrap_or_default();
        let customer = self.customer(base).unwrap_or("a customer");
        match made.kind {
            RecordKind::Company => {
                let (surname, trade) =
                    (number % words::SURNAMES.len(), (number * 5 + number / words::SURNAMES.len()) % words::TRADES.len());
                let title = format!("{} {}", words::SURNAMES[surname], words::TRADES[trade]);
                let website = Some(format!("https://www.{}.example", slug(&title)));
                (title, RecordDetail::Company { website, industry: Some(words::INDUSTRIES[trade].to_owned()) })
            }
            RecordKind::Contact => {
                let title = format!("{} {}", dice.pick(words::FIRST_NAMES), dice.pick(words::SURNAMES));
                let email = Email::parse(&format!("{}@{}.example", slug(&title).replace('-', "."), slug(&about)));
                let phone = dice.chance(80).then(|| format!("+44 1632 {:06}", 960_000 + dice.below(1000)));
                (title, RecordDetail::Contact { email, phone, company: base.map(|b| b.record.id) })
            }
            RecordKind::Lead => {
                let source = *dice.pick(words::LEAD_SOURCES);
                let (goods, value) = order(number, dice);
                let surname = *dice.pick(words::SURNAMES);
                (
                    format!("{surname} asks for {goods}"),
                    RecordDetail::Lead { source: Some(source.to_owned()), value: dice.chance(60).then_some(value) },
                )
            }
            RecordKind::Deal => {
                let company = base.and_then(|contact| contact.record.detail.references().first().copied());
                let (goods, value) = order(number, dice);
                let stage = match made.is_closed {
                    true => *dice.pick(&["Won", "Won", "Lost"]),
                    false => *dice.pick(words::OPEN_STAGES),
                };
                let detail =
                    RecordDetail::Deal { stage: Some(stage.to_owned()), value: Some(value), company, contact: base.map(|b| b.record.id) };
                (format!("{goods} for {customer}"), detail)
            }
            RecordKind::Estimate => {
                let valid_until = Calendar::date_after(made.created_at, 30);
                let detail = RecordDetail::Estimate { value: deal_value(base), deal: base.map(|b| b.record.id), valid_until };
                (format!("Offer {}: {about}", 24_000 + number), detail)
            }
            RecordKind::Invoice => {
                let due_on = Calendar::date_after(made.created_at, 14 + dice.between(0, 3) * 8);
                let detail = RecordDetail::Invoice { value: deal_value(base), deal: base.map(|b| b.record.id), due_on };
                (format!("Invoice {}: {about}", 61_000 + number), detail)
            }
            RecordKind::Task => {
                let due_at = dice.chance(75).then(|| made.created_at.plus_seconds(dice.between(2, 40) * 86_400));
                (format!("{} {}", dice.pick(words::TASKS), number + 1), RecordDetail::Task { due_at })
            }
            RecordKind::File => {
                let (name, media_type) = *dice.pick(words::FILES);
                let detail = RecordDetail::File { size_in_bytes: dice.between(8_000, 9_000_000), media_type: media_type.to_owned() };
                (name.replace("{}", &(number + 1).to_string()), detail)
            }
            RecordKind::Activity => {
                let activity_type = *dice.pick(&[ActivityType::Call, ActivityType::Meeting, ActivityType::Email, ActivityType::Other]);
                let errand = *dice.pick(words::ERRANDS[(activity_type.code() - 1).unsigned_abs() as usize]);
                let due_at = dice.chance(85).then(|| made.created_at.plus_seconds(dice.between(1, 28) * 43_200));
                let title = if about.is_empty() { errand.to_owned() } else { format!("{errand} – {about}") };
                (title, RecordDetail::Activity { activity_type, due_at })
            }
        }
    }

    /// The company that a contact works for.
    fn customer(&self, contact: Option<&Draft>) -> Option<&str> {
        let company = contact?.record.detail.references().first().copied()?;
        self.of(RecordKind::Company).iter().find(|d| d.record.id == company).map(|d| d.record.title.as_str())
    }

    /// Gives tasks their participants: from the workgroup, or colleagues.
    fn join_tasks(&mut self, sketch: &Sketch<'_>, dice: &mut Dice) {
        let mut joined: Vec<TaskParticipant> = Vec::new();
        for task in self.of(RecordKind::Task).iter().map(|d| &d.record) {
            let around: Vec<usize> = (0..sketch.people.0.len())
                .filter(|i| sketch.people.0[*i].works_at(task.created_at) && sketch.people.0[*i].user.id != task.responsible)
                .filter(|i| match task.workgroup {
                    Some(workgroup) => {
                        sketch.structure.members_at(workgroup, task.created_at).any(|m| m.user == sketch.people.0[*i].user.id)
                    }
                    None => sketch.people.0[*i].place != Place::Outside,
                })
                .collect();
            for role in [ParticipantRole::Participant, ParticipantRole::Participant, ParticipantRole::Observer] {
                if around.is_empty() || dice.chance(45) {
                    continue;
                }
                let user = sketch.people.0[*dice.pick(&around)].user.id;
                if !joined.iter().any(|p| p.task == task.id && p.user == user) {
                    joined.push(TaskParticipant { task: task.id, user, role });
                }
            }
        }
        self.participants = joined;
    }
}

/// What the content of a record depends on.
struct Content {
    kind: RecordKind,
    number: usize,
    created_at: Timestamp,
    is_closed: bool,
}

impl Sketch<'_> {
    /// The leaver who has this one and keeps it: the first two of each kind, one open and one closed; of tasks also one for each other
    /// leaver.
    fn keeper(&self, kind: RecordKind, number: usize) -> Option<usize> {
        match number {
            0 | 1 => self.leavers.first().copied(),
            _ if kind == RecordKind::Task => self.leavers.get(number - 1).copied(),
            _ => None,
        }
    }

    /// Who makes a record, and has it at first.
    fn owner(&self, base: Option<&Draft>, workgroup: Option<WorkgroupId>, (kind, at): (RecordKind, Timestamp), dice: &mut Dice) -> usize {
        let share_of_same = match kind {
            RecordKind::Activity => 85,
            RecordKind::Invoice => 25,
            _ => 80,
        };
        if let Some(base) = base
            && self.people.0[base.owner].is_employee_at(at)
            && dice.chance(share_of_same)
        {
            return base.owner;
        }
        if let Some(workgroup) = workgroup {
            let members: Vec<usize> =
                self.structure.members_at(workgroup, at).filter_map(|m| self.people.0.iter().position(|p| p.user.id == m.user)).collect();
            let present: Vec<usize> = members.into_iter().filter(|i| self.people.0[*i].works_at(at)).collect();
            if !present.is_empty() {
                return *dice.pick(&present);
            }
        }
        colleague(self.people, kind, at, dice)
    }
}

/// An employee whom records of that kind are given to; some get far more than others.
pub(super) fn colleague(people: &People, kind: RecordKind, at: Timestamp, dice: &mut Dice) -> usize {
    let handles = |place: Place| match kind {
        RecordKind::Company | RecordKind::Contact | RecordKind::Deal | RecordKind::Estimate | RecordKind::Lead => place == Place::Sales,
        RecordKind::Invoice => place == Place::Finance,
        RecordKind::Activity => matches!(place, Place::Sales | Place::Service),
        RecordKind::Task | RecordKind::File => place != Place::Outside,
    };
    let weighed: Vec<(usize, usize)> = (0..people.0.len())
        .filter(|i| handles(people.0[*i].place) && people.0[*i].is_employee_at(at))
        .map(|i| (i, 1 + (i * 7) % 10 * ((i * 5) % 4 + 1)))
        .collect();
    let mut left = dice.below(weighed.iter().map(|w| w.1).sum());
    for (person, weight) in &weighed {
        if left < *weight {
            return *person;
        }
        left -= weight;
    }
    0
}

fn closed_percent(kind: RecordKind) -> usize {
    match kind {
        RecordKind::Company | RecordKind::Contact => 6,
        RecordKind::File => 10,
        RecordKind::Deal | RecordKind::Lead => 45,
        RecordKind::Estimate | RecordKind::Task => 55,
        RecordKind::Invoice | RecordKind::Activity => 65,
    }
}

fn order(number: usize, dice: &mut Dice) -> (String, Money) {
    let (goods, cents) = *dice.pick(words::GOODS);
    let quantity = if cents > 1_000_000 { dice.between(1, 3) } else { dice.between(1, 25) };
    let currency = words::CURRENCIES[number % words::CURRENCIES.len()].to_owned();
    (format!("{quantity} × {goods}"), Money { amount: Decimal::new(quantity * cents, 2), currency })
}

fn deal_value(deal: Option<&Draft>) -> Option<Money> {
    match deal.map(|d| &d.record.detail) {
        Some(RecordDetail::Deal { value, .. }) => value.clone(),
        _ => None,
    }
}

/// A name as a part of a host name.
fn slug(name: &str) -> String {
    let folded = text::fold(name);
    folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}
