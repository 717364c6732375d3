//! Records of all nine kinds as they were made: each is drawn from its kind and number alone, so that none has to be kept.

use rust_decimal::Decimal;
use tenure_core::email::Email;
use tenure_core::id::RecordId;
use tenure_core::record::{ActivityType, Money, ParticipantRole, Record, RecordDetail, RecordKind, TaskParticipant};
use tenure_core::text;
use tenure_core::time::Timestamp;

use super::people::People;
use super::structure::{Place, Structure};
use super::{Chance, NOW, uuid_at};
use crate::demo::calendar::Calendar;
use crate::demo::dice::Dice;
use crate::demo::words;

/// How many of a thousand records are of each kind. Kinds come behind those that they refer to.
const SHARES: [(RecordKind, usize); 9] = [
    (RecordKind::Company, 80),
    (RecordKind::Contact, 147),
    (RecordKind::Lead, 93),
    (RecordKind::Deal, 160),
    (RecordKind::Estimate, 100),
    (RecordKind::Invoice, 107),
    (RecordKind::Task, 80),
    (RecordKind::File, 47),
    (RecordKind::Activity, 186),
];

/// How far back the oldest record goes, in days.
const OLDEST: i64 = 540;
/// Names their dice.
const RECORD: u64 = 256;
const PARTS: u64 = 8;

/// A record as it was made.
pub(super) struct Draft {
    pub(super) record: Record,
    pub(super) number: usize,
    /// Who made it, and has it at first.
    pub(super) owner: usize,
    /// The workgroup of a task or file.
    pub(super) workgroup: Option<usize>,
    pub(super) closed_at: Option<Timestamp>,
    /// Stays with its leaver: there is something left to hand over.
    pub(super) is_kept: bool,
}

/// What records are drawn from.
pub(super) struct Drawing<'a> {
    pub(super) people: &'a People,
    pub(super) structure: &'a Structure,
    pub(super) calendar: &'a Calendar,
    pub(super) chance: &'a Chance,
    counts: [(RecordKind, usize); 9],
}

impl<'a> Drawing<'a> {
    pub(super) fn new(
        total: usize,
        people: &'a People,
        structure: &'a Structure,
        (calendar, chance): (&'a Calendar, &'a Chance),
    ) -> Drawing<'a> {
        let mut counts = SHARES.map(|(kind, share)| (kind, total * share / 1_000));
        // What rounding has left goes round.
        let missing = total - counts.iter().map(|(_, count)| count).sum::<usize>();
        for n in 0..missing {
            counts[n % SHARES.len()].1 += 1;
        }
        Drawing { people, structure, calendar, chance, counts }
    }

    /// How many of each kind, in the order in which they are written.
    pub(super) fn counts(&self) -> [(RecordKind, usize); 9] {
        self.counts
    }

    /// How many in all.
    pub(super) fn total(&self) -> usize {
        self.counts.iter().map(|(_, count)| count).sum()
    }

    fn count(&self, kind: RecordKind) -> usize {
        self.counts.iter().find(|(k, _)| *k == kind).map_or(0, |(_, count)| *count)
    }

    /// The leaver who keeps a record: each one keeps one at least, as far as there are enough, spread over the kinds.
    fn keeper(&self, kind: RecordKind, number: usize) -> Option<usize> {
        let leavers = self.people.leavers();
        let before: usize = self.counts.iter().take_while(|(k, _)| *k != kind).map(|(_, count)| count).sum();
        let stride = (self.total() / leavers.len().max(1)).max(1);
        let (nth, rest) = ((before + number) / stride, (before + number) % stride);
        (rest == 0 && nth < leavers.len()).then(|| leavers.start + nth)
    }

    /// The record of that kind and number, as it was made.
    pub(super) fn draft(&self, kind: RecordKind, number: usize) -> Draft {
        let dice = &mut self.chance.of(RECORD + kind.code().unsigned_abs() as u64, number);
        let keeper = self.keeper(kind, number);
        // What a leaver keeps is about nothing in particular: it may be older than anything that it could be about.
        let base = self.base(kind, dice).filter(|_| keeper.is_none()).map(|(kind, number)| self.draft(kind, number));
        let workgroup = match kind {
            RecordKind::Task | RecordKind::File if keeper.is_none() && dice.chance(65) => Some(dice.below(self.structure.workgroups.len())),
            _ => None,
        };
        let opened = workgroup.map(|w| self.structure.workgroups[w].created_at.plus_seconds(2 * 86_400));
        let earliest = self.calendar.day(OLDEST).max(base.as_ref().map_or(Timestamp(0), |b| b.record.created_at));
        let mut from = earliest.max(opened.unwrap_or(earliest));
        let mut until = NOW;
        if let Some(keeper) = keeper.map(|k| self.people.person(k)) {
            from = keeper.accepted_at.max(from.min(keeper.dismissed_at.unwrap_or(NOW)));
            until = keeper.dismissed_at.unwrap_or(NOW).plus_seconds(-3_600);
            from = from.min(until);
        }
        if kind == RecordKind::Activity {
            until = until.min(from.plus_seconds(25 * 86_400)).max(from);
        }
        let created_at = self.calendar.moment_between(from, until, dice);
        let owner = keeper.unwrap_or_else(|| self.owner(base.as_ref(), workgroup, created_at, dice));
        let is_closed = if keeper.is_some() { number % 2 == 1 } else { dice.chance(closed_percent(kind)) };
        let closed_at = is_closed.then(|| self.calendar.moment_between(created_at, until.max(created_at), dice));
        let (title, detail) = self.content(base.as_ref(), &Made { kind, number, created_at, is_closed }, dice);
        let record = Record {
            id: RecordId { kind, uuid: uuid_at(created_at, dice) },
            version: 1,
            title,
            responsible: self.people.person(owner).id,
            created_by: self.people.person(owner).actor(),
            is_closed,
            external_id: dice.chance(70).then(|| format!("ERP-{}-{:07}", kind.name(), number + 1)),
            created_at,
            updated_at: created_at,
            provenance: None,
            workgroup: workgroup.map(|w| self.structure.workgroups[w].id),
            subject: base.filter(|_| kind == RecordKind::Activity).map(|b| b.record.id),
            detail,
        };
        Draft { record, number, owner, workgroup, closed_at, is_kept: keeper.is_some() }
    }

    /// The record that another one is about: the company of a contact, the deal of an invoice, …
    fn base(&self, kind: RecordKind, dice: &mut Dice) -> Option<(RecordKind, usize)> {
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
        let count = self.count(of);
        let number = dice.below(count);
        let is_about_nothing = kind == RecordKind::Activity && dice.chance(10);
        (count > 0 && !is_about_nothing).then_some((of, number))
    }

    /// Who makes it: mostly who has what it is about, a member of its workgroup, or any colleague.
    fn owner(&self, base: Option<&Draft>, workgroup: Option<usize>, at: Timestamp, dice: &mut Dice) -> usize {
        if let Some(base) = base
            && self.people.person(base.owner).works_at(at)
            && dice.chance(75)
        {
            return base.owner;
        }
        if let Some(place) = workgroup.and_then(|workgroup| self.member(workgroup, at, dice)) {
            return place.person;
        }
        self.people.colleague(at, dice)
    }

    /// Somebody of a workgroup who is there at that time.
    pub(super) fn member(&self, workgroup: usize, at: Timestamp, dice: &mut Dice) -> Option<&Place> {
        let places = self.structure.places(workgroup);
        if places.is_empty() {
            return None;
        }
        let place = dice.pick(places);
        (place.joined_at <= at && self.people.person(place.person).works_at(at)).then_some(place)
    }

    /// Further people on a task: of its workgroup, or colleagues.
    pub(super) fn participants(&self, task: &Record, draft: &Draft) -> Vec<TaskParticipant> {
        let mut parts: Vec<TaskParticipant> = Vec::new();
        if task.id.kind != RecordKind::Task {
            return parts;
        }
        let dice = &mut self.chance.of(PARTS, draft.number);
        for role in [ParticipantRole::Participant, ParticipantRole::Participant, ParticipantRole::Observer] {
            if dice.chance(50) {
                continue;
            }
            let person = match draft.workgroup {
                Some(workgroup) => self.member(workgroup, task.created_at, dice).map(|place| place.person),
                None => Some(self.people.colleague(task.created_at, dice)),
            };
            let user = person.map(|person| self.people.person(person).id);
            if let Some(user) = user.filter(|user| *user != task.responsible && !parts.iter().any(|p| p.user == *user)) {
                parts.push(TaskParticipant { task: task.id, user, role });
            }
        }
        parts
    }

    fn content(&self, base: Option<&Draft>, made: &Made, dice: &mut Dice) -> (String, RecordDetail) {
        let number = made.number;
        let about = base.map(|b| b.record.title.as_str()).unwrap_or_default();
        let id = base.map(|b| b.record.id);
        match made.kind {
            RecordKind::Company => {
                let trade = dice.below(words::TRADES.len());
                let title = format!("{} {} {}", dice.pick(words::SURNAMES), words::TRADES[trade], number + 1);
                let website = Some(format!("https://www.{}.example", slug(&title)));
                (title, RecordDetail::Company { website, industry: Some(words::INDUSTRIES[trade % words::INDUSTRIES.len()].to_owned()) })
            }
            RecordKind::Contact => {
                let title = format!("{} {}", dice.pick(words::FIRST_NAMES), dice.pick(words::SURNAMES));
                let domain = if about.is_empty() { "mail".to_owned() } else { slug(about) };
                let email = Email::parse(&format!("{}@{domain}.example", slug(&title).replace('-', ".")));
                let phone = dice.chance(80).then(|| format!("+44 1632 {:06}", 960_000 + dice.below(1_000)));
                (title, RecordDetail::Contact { email, phone, company: id })
            }
            RecordKind::Lead => {
                let (goods, value) = order(dice);
                let source = Some((*dice.pick(words::LEAD_SOURCES)).to_owned());
                let title = format!("{} asks for {goods}", dice.pick(words::SURNAMES));
                (title, RecordDetail::Lead { source, value: dice.chance(60).then_some(value) })
            }
            RecordKind::Deal => {
                let company = base.and_then(|contact| contact.record.detail.references().first().copied());
                let (goods, value) = order(dice);
                let stage = if made.is_closed { *dice.pick(&["Won", "Won", "Lost"]) } else { *dice.pick(words::OPEN_STAGES) };
                let title = if about.is_empty() { goods } else { format!("{goods} for {about}") };
                (title, RecordDetail::Deal { stage: Some(stage.to_owned()), value: Some(value), company, contact: id })
            }
            RecordKind::Estimate => {
                let valid_until = Calendar::date_after(made.created_at, 30);
                (numbered("Offer", number, about), RecordDetail::Estimate { value: deal_value(base), deal: id, valid_until })
            }
            RecordKind::Invoice => {
                let due_on = Calendar::date_after(made.created_at, 14 + dice.between(0, 3) * 8);
                (numbered("Invoice", number, about), RecordDetail::Invoice { value: deal_value(base), deal: id, due_on })
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
}

/// What the content of a record depends on.
struct Made {
    kind: RecordKind,
    number: usize,
    created_at: Timestamp,
    is_closed: bool,
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

fn numbered(what: &str, number: usize, about: &str) -> String {
    if about.is_empty() { format!("{what} {}", number + 1) } else { format!("{what} {}: {about}", number + 1) }
}

fn order(dice: &mut Dice) -> (String, Money) {
    let (goods, cents) = *dice.pick(words::GOODS);
    let quantity = if cents > 1_000_000 { dice.between(1, 3) } else { dice.between(1, 25) };
    let currency = (*dice.pick(words::CURRENCIES)).to_owned();
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
