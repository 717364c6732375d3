//! Valid operations, drawn by dice: any field, any argument, as literals and as variables, through fragments of both kinds.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::schema::{Field, Input, Schema, Shape};
use crate::support::dice::Dice;

/// Deepest nesting of fields.
const DEPTH: usize = 7;
/// Aliases of a document; a few less than are allowed.
const ALIASES: usize = 28;
/// Selections of a document.
const SELECTIONS: usize = 60;

/// Real identifiers, by the beginning of their names: `usr`, `dea`, ….
pub type Ids = Vec<String>;

/// An operation.
pub struct Drawn {
    pub query: String,
    pub variables: Value,
    pub is_mutation: bool,
}

/// Draws operations.
pub struct Generator<'a> {
    schema: &'a Schema,
    ids: &'a Ids,
    dice: &'a mut Dice,
    declared: Vec<String>,
    variables: Map<String, Value>,
    fragments: Vec<String>,
    aliases: usize,
    selections: usize,
}

/// A value as a literal and as JSON.
struct Drew {
    literal: String,
    json: Value,
}

impl<'a> Generator<'a> {
    /// Draws one.
    pub fn draw(schema: &'a Schema, ids: &'a Ids, dice: &'a mut Dice) -> Drawn {
        let mut generator =
            Generator { schema, ids, dice, declared: Vec::new(), variables: Map::new(), fragments: Vec::new(), aliases: 0, selections: 0 };
        let is_mutation = generator.dice.below(5) < 2;
        let root = if is_mutation { "Mutation" } else { "Query" };
        let count = if is_mutation { generator.dice.between(1, 2) } else { generator.dice.between(1, 4) };
        let set = generator.fields(root, count, DEPTH);
        let declared = if generator.declared.is_empty() { String::new() } else { format!("({})", generator.declared.join(", ")) };
        let kind = if is_mutation { "mutation" } else { "query" };
        let query = format!("{kind} Drawn{declared} {set} {}", generator.fragments.join(" "));
        Drawn { query, variables: Value::Object(generator.variables), is_mutation }
    }

    /// A set of selections of a type.
    fn set(&mut self, of: &str, depth: usize) -> String {
        let count = self.dice.between(1, 5);
        match self.schema.families.get(of) {
            None => self.fields(of, count, depth),
            Some(members) => {
                // Each name once, whatever the type: answers of one name must have one form.
                let mut used = BTreeSet::new();
                let mut parts = vec!["__typename".to_owned()];
                let own = self.schema.objects[of].clone();
                parts.extend(self.picked(&own, count, depth, &mut used));
                used.extend(own.iter().map(|field| field.name.clone()));
                for _ in 0..self.dice.below(3) {
                    let member = self.dice.pick(members).clone();
                    let fields = self.schema.objects[&member].clone();
                    let inner = self.picked(&fields, 3, depth, &mut used);
                    if !inner.is_empty() {
                        parts.push(self.fragment(&member, inner));
                    }
                }
                format!("{{ {} }}", parts.join(" "))
            }
        }
    }

    fn fields(&mut self, of: &str, count: usize, depth: usize) -> String {
        let fields = self.schema.objects[of].clone();
        let mut parts = self.picked(&fields, count, depth, &mut BTreeSet::new());
        if parts.is_empty() {
            parts.push("__typename".to_owned());
        }
        // Some of them in a fragment.
        if parts.len() > 1 && self.dice.one_in(4) && of != "Mutation" {
            let some = parts.split_off(self.dice.between(1, parts.len() - 1));
            parts.push(self.fragment(of, some));
        }
        format!("{{ {} }}", parts.join(" "))
    }

    fn fragment(&mut self, on: &str, parts: Vec<String>) -> String {
        let inner = parts.join(" ");
        if self.fragments.len() < 15 && self.dice.one_in(2) {
            let name = format!("F{}", self.fragments.len());
            self.fragments.push(format!("fragment {name} on {on} {{ {inner} }}"));
            format!("...{name}{}", self.condition())
        } else {
            format!("... on {on}{} {{ {inner} }}", self.condition())
        }
    }

    /// `@skip` or `@include`, at times.
    fn condition(&mut self) -> String {
        if !self.dice.one_in(12) {
            return String::new();
        }
        let shape = Shape { text: "Boolean!".to_owned(), name: "Boolean".to_owned(), is_list: false, is_required: true };
        let condition = Input { name: "if".to_owned(), shape };
        format!(" @{}({})", self.dice.pick(&["skip", "include"]), self.argument(&condition, 0))
    }

    /// So many of these fields at most, each once.
    fn picked(&mut self, fields: &[Field], count: usize, depth: usize, used: &mut BTreeSet<String>) -> Vec<String> {
        let mut parts = Vec::new();
        for _ in 0..count * 2 {
            if parts.len() >= count || self.selections >= SELECTIONS {
                break;
            }
            let field = self.dice.pick(fields);
            let has_fields = self.schema.objects.contains_key(&field.shape.name);
            // What leads nowhere any more, and `query` of payloads, which is all over again.
            if (has_fields && depth == 0) || (field.shape.name == "Query" && !self.dice.one_in(4)) || !used.insert(field.name.clone()) {
                continue;
            }
            let part = self.field(field, has_fields, depth);
            parts.push(part);
        }
        parts
    }

    fn field(&mut self, field: &Field, has_fields: bool, depth: usize) -> String {
        self.selections += 1;
        let mut text = String::new();
        if self.aliases < ALIASES && self.dice.one_in(6) {
            self.aliases += 1;
            text = format!("alias{}: ", self.aliases);
        }
        text.push_str(&field.name);
        let arguments = self.arguments(field);
        if !arguments.is_empty() {
            text.push_str(&format!("({})", arguments.join(", ")));
        }
        text.push_str(&self.condition());
        if has_fields {
            text.push(' ');
            text.push_str(&self.set(&field.shape.name, depth - 1));
        }
        text
    }

    fn arguments(&mut self, field: &Field) -> Vec<String> {
        let is_page = field.arguments.iter().any(|argument| argument.name == "first");
        let side = *self.dice.pick(&["first", "first", "first", "last"]);
        let mut arguments = Vec::new();
        for argument in &field.arguments {
            let is_given = match argument.name.as_str() {
                "first" | "last" if is_page => argument.name == side,
                "after" | "before" if is_page => self.dice.one_in(25),
                _ => argument.shape.is_required || self.dice.one_in(3),
            };
            if is_given {
                let text = self.argument(argument, 0);
                arguments.push(text);
            }
        }
        arguments
    }

    /// `name: value`, or with a variable.
    fn argument(&mut self, argument: &Input, level: usize) -> String {
        let drew = self.value(argument, level);
        if !self.dice.one_in(3) {
            return format!("{}: {}", argument.name, drew.literal);
        }
        let name = format!("v{}", self.declared.len());
        self.declared.push(format!("${name}: {}", argument.shape.text));
        self.variables.insert(name.clone(), drew.json);
        format!("{}: ${name}", argument.name)
    }

    fn value(&mut self, input: &Input, level: usize) -> Drew {
        if !input.shape.is_required && self.dice.one_in(20) {
            return Drew { literal: "null".to_owned(), json: Value::Null };
        }
        if input.shape.is_list {
            let count = self.dice.below(4);
            let drawn: Vec<Drew> = (0..count).map(|_| self.one(input, level)).collect();
            let literals: Vec<&str> = drawn.iter().map(|drew| drew.literal.as_str()).collect();
            let literal = format!("[{}]", literals.join(", "));
            return Drew { literal, json: drawn.into_iter().map(|drew| drew.json).collect() };
        }
        self.one(input, level)
    }

    fn one(&mut self, input: &Input, level: usize) -> Drew {
        let name = input.shape.name.as_str();
        if let Some(values) = self.schema.enums.get(name) {
            let value = self.dice.pick(values);
            return Drew { literal: value.clone(), json: json!(value) };
        }
        if let Some((fields, is_one_of)) = self.schema.inputs.get(name) {
            return self.object(fields, *is_one_of, level);
        }
        let json = match name {
            "Boolean" => json!(self.dice.one_in(2)),
            "Int" if matches!(input.name.as_str(), "first" | "last") => json!(self.dice.between(1, 3)),
            "Int" => json!(*self.dice.pick(&[0, 1, 1, 2, 3, -1, i32::MAX, i32::MIN])),
            "ID" => json!(self.id(&input.name)),
            "Decimal" => json!(*self.dice.pick(&["0", "1250.00", "-1", "0.001", "99999999999999999999.99"])),
            "DateTime" => json!(*self.dice.pick(&[
                "2026-11-22T09:30:00.000Z",
                "0001-01-01T00:00:00Z",
                "9999-12-31T23:59:59.999Z",
                "2026-01-01T00:00:00+02:00"
            ])),
            "Date" => json!(*self.dice.pick(&["2026-11-22", "2000-02-29", "9999-12-31"])),
            "EmailAddress" => json!(*self.dice.pick(&[
                "emma.novak@example.com",
                "new.one@example.com",
                "nobody",
                "ann.archer@EXAMPLE.com",
                "leo.leaver@example.com",
                "jürgen@exämple.com"
            ])),
            "URL" => json!(*self.dice.pick(&["https://example.com/a.png", "http://x.example", "ftp://nope"])),
            _ => self.text(&input.name),
        };
        // JSON's texts and numbers are literals, too.
        Drew { literal: json.to_string(), json }
    }

    fn object(&mut self, fields: &[Input], is_one_of: bool, level: usize) -> Drew {
        let chosen: Vec<&Input> = if is_one_of {
            vec![self.dice.pick(fields)]
        } else {
            fields.iter().filter(|field| field.shape.is_required || (level < 4 && self.dice.one_in(3))).collect()
        };
        let mut literals = Vec::new();
        let mut object = Map::new();
        for field in chosen {
            let shape = Shape { is_required: is_one_of || field.shape.is_required, ..field.shape.clone() };
            let drew = self.value(&Input { name: field.name.clone(), shape }, level + 1);
            literals.push(format!("{}: {}", field.name, drew.literal));
            object.insert(field.name.clone(), drew.json);
        }
        Drew { literal: format!("{{{}}}", literals.join(", ")), json: Value::Object(object) }
    }

    /// An identifier that fits by its name, mostly; also made-up ones.
    fn id(&mut self, argument: &str) -> String {
        let argument = argument.to_lowercase();
        let prefixes: &[&str] = match &argument {
            name if name.contains("department") => &["dep"],
            name if name.contains("workgroup") => &["wgr"],
            name if name.contains("reassignment") => &["rea"],
            name if name.contains("token") => &["tok"],
            name if name.contains("user") || name.contains("responsible") || name.contains("manager") || name.contains("head") => &["usr"],
            name if name.contains("subject") || name.contains("actor") || name.contains("attendee") || name.contains("organizer") => {
                &["usr"]
            }
            _ => &[],
        };
        let ids = self.ids;
        let fitting: Vec<&String> = ids.iter().filter(|id| prefixes.iter().any(|prefix| id.starts_with(prefix))).collect();
        match self.dice.below(12) {
            0 => format!("{}_00000000-0000-7000-8000-00000000000{}", self.dice.pick(&["usr", "dea", "evt", "wgr"]), self.dice.below(9)),
            1 => self.dice.pick(&["", "usr_", "nonsense", "é", "usr_x"]).to_string(),
            2 => self.dice.pick(ids).clone(),
            _ if fitting.is_empty() => self.dice.pick(ids).clone(),
            _ => (*self.dice.pick(&fitting)).clone(),
        }
    }

    fn text(&mut self, argument: &str) -> Value {
        match argument {
            "password" | "newPassword" => json!("plum otter vivid 93"),
            _ => json!(*self.dice.pick(&[
                "a",
                "Emma",
                "Deal 1",
                "",
                " ",
                "Zoë 北京 \u{1F600}",
                "x\u{202e}y",
                "line\nline",
                "%_'\"\\",
                &"long ".repeat(60)
            ])),
        }
    }
}
