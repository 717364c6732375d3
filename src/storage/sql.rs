//! Putting statements together. All that SQLite and PostgreSQL say differently is here: lists of values as one parameter, sets of rows as
//! one parameter, and the first rows of each of several lists.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sea_orm::sea_query::ArrayType;
use sea_orm::{DbBackend, Statement, Value};
use tenure_core::id::RecordId;
use uuid::Uuid;

/// A statement in the making. Parameters are written `$1`, `$2`, … which both databases understand.
pub(super) struct Sql {
    backend: DbBackend,
    text: String,
    values: Vec<Value>,
}

/// What a column of a set of rows holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Uuid,
    Bytes,
    SmallInt,
    Int,
    BigInt,
    Bool,
    Text,
}

impl Sql {
    pub(super) fn new(backend: DbBackend, text: impl Into<String>) -> Sql {
        Sql { backend, text: text.into(), values: Vec::new() }
    }

    pub(super) fn statement(self) -> Statement {
        Statement::from_sql_and_values(self.backend, self.text, self.values)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn is_postgres(&self) -> bool {
        self.backend == DbBackend::Postgres
    }

    pub(super) fn push(&mut self, text: &str) -> &mut Sql {
        self.text.push_str(text);
        self
    }

    /// Makes a value a parameter; returns how to write it, as often as it is needed.
    pub(super) fn parameter(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// Writes a value.
    pub(super) fn bind(&mut self, value: impl Into<Value>) -> &mut Sql {
        let parameter = self.parameter(value);
        self.push(&parameter)
    }

    /// Writes that a column holds one of these UUIDs: one parameter, however many they are.
    pub(super) fn among(&mut self, column: &str, ids: impl IntoIterator<Item = Uuid>) -> &mut Sql {
        let ids: Vec<Uuid> = ids.into_iter().collect();
        self.push(column);
        match (ids.as_slice(), self.backend) {
            // Only equality lets both databases read an index in the order of a list.
            ([id], _) => self.push(" = ").bind(*id),
            (_, DbBackend::Postgres) => self.push(" = ANY(").bind(uuid_array(&ids)).push(")"),
            _ => self.push(" IN (SELECT unhex(value) FROM json_each(").bind(hex_list(&ids)).push("))"),
        }
    }

    /// Writes that a column holds one of these texts.
    pub(super) fn among_texts(&mut self, column: &str, texts: &[String]) -> &mut Sql {
        self.push(column);
        match self.backend {
            DbBackend::Postgres => {
                let texts = texts.iter().map(|text| Value::from(text.as_str())).collect();
                self.push(" = ANY(").bind(Value::Array(ArrayType::String, Some(Box::new(texts)))).push(")")
            }
            _ => {
                let texts = serde_json::Value::from(texts).to_string();
                self.push(" IN (SELECT value FROM json_each(").bind(texts).push("))")
            }
        }
    }

    /// Writes that a column holds one of these codes of an enum. They are written out: there are few, and planners then know them. SQLite
    /// makes a table of what `IN` lists, for the first row that it looks at: for whom there is a row, that takes longer.
    pub(super) fn among_codes(&mut self, column: &str, codes: impl IntoIterator<Item = i16>) -> &mut Sql {
        // Each once, however often it is named: SQLite refuses a condition of a thousand terms.
        let codes: Vec<String> = codes.into_iter().collect::<BTreeSet<i16>>().into_iter().map(|code| code.to_string()).collect();
        match codes.as_slice() {
            [] => self.push("FALSE"),
            [code] => self.push(&format!("{column} = {code}")),
            codes if self.is_postgres() => self.push(&format!("{column} IN ({})", codes.join(", "))),
            codes => {
                let each: Vec<String> = codes.iter().map(|code| format!("{column} = {code}")).collect();
                self.push(&format!("({})", each.join(" OR ")))
            }
        }
    }

    /// How to write a column that holds few different values, so that SQLite does not read an index that begins with it: it keeps no
    /// statistics that would say how bad that is. PostgreSQL knows, and is left to it.
    pub(super) fn apart(&self, column: &str) -> String {
        if self.is_postgres() { column.to_owned() } else { format!("+{column}") }
    }

    /// What names a row of `record`: SQLite goes from a set of row numbers to the rows, but from a set of keys it does not.
    pub(super) fn row_of(&self, alias: &str) -> String {
        if self.is_postgres() { format!("{alias}.kind, {alias}.id") } else { format!("{alias}.rowid") }
    }

    /// Writes a table `g (id, n)` of these UUIDs, numbered from 1.
    pub(super) fn groups(&mut self, ids: &[Uuid]) -> &mut Sql {
        match self.backend {
            DbBackend::Postgres => self.push("unnest(").bind(uuid_array(ids)).push(") WITH ORDINALITY AS g(id, n)"),
            _ => self.push("(SELECT unhex(value) AS id, key + 1 AS n FROM json_each(").bind(hex_list(ids)).push(")) AS g"),
        }
    }

    /// Writes a table `g (kind, id, n)` of these records, numbered from 1.
    pub(super) fn record_groups(&mut self, ids: &[RecordId]) -> &mut Sql {
        match self.backend {
            DbBackend::Postgres => {
                let kinds = ids.iter().map(|id| Value::from(id.kind.code())).collect();
                let uuids: Vec<Uuid> = ids.iter().map(|id| id.uuid).collect();
                self.push("unnest(").bind(Value::Array(ArrayType::SmallInt, Some(Box::new(kinds))));
                self.push(", ").bind(uuid_array(&uuids)).push(") WITH ORDINALITY AS g(kind, id, n)")
            }
            _ => {
                let mut list = String::with_capacity(ids.len() * 40 + 2);
                for id in ids {
                    let _ = write!(list, ",[{},\"{:X}\"]", id.kind.code(), id.uuid.simple());
                }
                let list = format!("[{}]", list.trim_start_matches(','));
                self.push("(SELECT value ->> 0 AS kind, unhex(value ->> 1) AS id, key + 1 AS n FROM json_each(").bind(list).push(")) AS g")
            }
        }
    }

    /// Writes a table of these rows: one parameter, however many they are.
    pub(super) fn set(&mut self, alias: &str, columns: &[(&str, Holds)], rows: impl IntoIterator<Item = Vec<Value>>) -> &mut Sql {
        let is_postgres = self.is_postgres();
        let mut json = String::from("[");
        for row in rows {
            json.push_str(if json.len() > 1 { "," } else { "" });
            json.push(if is_postgres { '{' } else { '[' });
            for (position, (value, (name, _))) in row.iter().zip(columns).enumerate() {
                json.push_str(if position > 0 { "," } else { "" });
                if is_postgres {
                    let _ = write!(json, "\"{name}\":");
                }
                write_json(&mut json, value, is_postgres);
            }
            json.push(if is_postgres { '}' } else { ']' });
        }
        json.push(']');
        if is_postgres {
            let columns: Vec<String> = columns.iter().map(|(name, holds)| format!("{name} {}", postgres_type(*holds))).collect();
            self.push("json_to_recordset(").bind(json).push(&format!("::json) AS {alias}({})", columns.join(", ")))
        } else {
            let columns: Vec<String> = columns
                .iter()
                .enumerate()
                .map(|(position, (name, holds))| match holds {
                    Holds::Uuid | Holds::Bytes => format!("unhex(value ->> {position}) AS {name}"),
                    _ => format!("value ->> {position} AS {name}"),
                })
                .collect();
            self.push(&format!("(SELECT {} FROM json_each(", columns.join(", "))).bind(json).push(&format!(")) AS {alias}"))
        }
    }

    /// Writes, behind a table of groups, a join with the first rows of the list of each group: `list` writes WHERE, ORDER BY and LIMIT
    /// of one list. Each group reads its own rows only; numbering all rows of a heavy owner would read every one of them.
    pub(super) fn first_of_each(&mut self, table: &str, alias: &str, list: impl FnOnce(&mut Sql)) -> &mut Sql {
        match self.backend {
            DbBackend::Postgres => {
                self.push(&format!(" CROSS JOIN LATERAL (SELECT {alias}.* FROM {table} AS {alias}"));
                list(self);
                self.push(&format!(") AS {alias}"))
            }
            _ => {
                self.push(&format!(" JOIN {table} AS {alias} ON {alias}.rowid IN (SELECT {alias}.rowid FROM {table} AS {alias}"));
                list(self);
                self.push(")")
            }
        }
    }

    /// Writes that rows are locked; SQLite needs nothing: whoever writes is alone.
    pub(super) fn lock(&mut self, clause: &str) -> &mut Sql {
        if self.is_postgres() { self.push(" FOR ").push(clause) } else { self }
    }
}

fn uuid_array(ids: &[Uuid]) -> Value {
    Value::Array(ArrayType::Uuid, Some(Box::new(ids.iter().map(|id| Value::from(*id)).collect())))
}

fn hex_list(ids: &[Uuid]) -> String {
    let mut list = String::with_capacity(ids.len() * 35 + 2);
    list.push('[');
    for id in ids {
        list.push_str(if list.len() > 1 { "," } else { "" });
        let _ = write!(list, "\"{:X}\"", id.simple());
    }
    list.push(']');
    list
}

fn postgres_type(holds: Holds) -> &'static str {
    match holds {
        Holds::Uuid => "uuid",
        Holds::Bytes => "bytea",
        Holds::SmallInt => "smallint",
        Holds::Int => "integer",
        Holds::BigInt => "bigint",
        Holds::Bool => "boolean",
        Holds::Text => "text",
    }
}

fn write_json(json: &mut String, value: &Value, is_postgres: bool) {
    let _ = match value {
        Value::Bool(Some(value)) => write!(json, "{value}"),
        Value::SmallInt(Some(value)) => write!(json, "{value}"),
        Value::Int(Some(value)) => write!(json, "{value}"),
        Value::BigInt(Some(value)) => write!(json, "{value}"),
        Value::Uuid(Some(value)) => write!(json, "\"{:X}\"", value.simple()),
        Value::String(Some(value)) => write!(json, "{}", serde_json::Value::from(value.as_str())),
        Value::Bytes(Some(value)) => {
            json.push_str(if is_postgres { "\"\\\\x" } else { "\"" });
            value.iter().for_each(|byte| {
                let _ = write!(json, "{byte:02X}");
            });
            write!(json, "\"")
        }
        _ => write!(json, "null"),
    };
}
