//! Documents that mean no good, drawn by dice.

use serde_json::{Map, Value, json};

use crate::support::dice::Dice;

/// A document with its variables.
pub struct Hostile {
    /// What it tries.
    pub kind: &'static str,
    pub query: String,
    pub variables: Value,
    /// Whether it is a subscription that might be answered for ever.
    pub stays_open: bool,
}

type Draw = fn(&mut Dice) -> (String, Value);

const KINDS: &[(&str, Draw)] = &[
    ("deep list", |dice| (format!("{{ nodes(ids: {}) {{ id }} }}", nested(dice, "[", "]", "\"a\"")), json!({}))),
    ("deep object", |dice| (format!("{{ users(filter: {}) {{ totalCount }} }}", nested(dice, "{query: ", "}", "1")), json!({}))),
    ("deep brackets without end", |dice| {
        let opening = *dice.pick(&["[", "{a:", "{a", "(", "{", "{a(b:[", "... {"]);
        (format!("{{ nodes(ids: {}", opening.repeat(dice.between(10, 8_000) / opening.len() * 2)), json!({}))
    }),
    ("deep fields", |dice| {
        let levels = dice.between(1, 500);
        let (open, close) = *dice.pick(&[
            ("directReports { nodes { ", "} } "),
            ("department { head { user { ", "} } } "),
            ("... { ", "} "),
            ("... on User { ", "} "),
        ]);
        (format!("{{ viewer {{ user {{ {} id {} }} }} }}", open.repeat(levels), close.repeat(levels)), json!({}))
    }),
    ("fragment bomb", |dice| {
        let (levels, wide) = (dice.between(2, 60), dice.between(2, 20));
        let spread = |n: usize| format!("...F{n} ").repeat(wide);
        let field = *dice.pick(&["", "manager { user { "]);
        let close = if field.is_empty() { "" } else { "} } " };
        let fragments: String = (0..levels).map(|n| format!("fragment F{n} on User {{ {field}{}{close} }} ", spread(n + 1))).collect();
        (format!("{{ viewer {{ user {{ ...F0 }} }} }} {fragments} fragment F{levels} on User {{ id }}"), json!({}))
    }),
    ("fragment chain", |dice| {
        let levels = dice.between(2, 800);
        let fragments: String =
            (0..levels).map(|n| format!("fragment F{n} on User {{ department {{ head {{ user {{ ...F{} }} }} }} }} ", n + 1)).collect();
        (format!("{{ viewer {{ user {{ ...F0 }} }} }} {fragments} fragment F{levels} on User {{ id }}"), json!({}))
    }),
    ("fragment circle", |dice| {
        let length = dice.between(1, 18);
        let fragments: String = (0..length)
            .map(|n| format!("fragment F{n} on User {{ id manager {{ user {{ ...F{} }} }} ...F{} }} ", (n + 1) % length, (n + 1) % length))
            .collect();
        (format!("{{ viewer {{ user {{ ...F0 }} }} }} {fragments}"), json!({}))
    }),
    ("aliases", |dice| {
        let field = *dice.pick(&[
            "viewer { user { id } }",
            "__typename",
            "users(first: 100) { totalCount }",
            "__schema { types { name } }",
            "systemUserId",
        ]);
        let count = dice.between(2, 900);
        (format!("{{ {} }}", (0..count).map(|n| format!("a{n}: {field} ")).collect::<String>()), json!({}))
    }),
    ("long names", |dice| {
        let name = "n".repeat(dice.between(100, 30_000));
        let shape = *dice.pick(&[
            "{ users(first: 100) { nodes { N: id } } }",
            "query N { viewer { user { id } } }",
            "{ N }",
            "{ user(N: 1) { id } }",
            "{ ...N } fragment N on Query { __typename }",
            "query($N: Int) { users(first: $N) { totalCount } }",
        ]);
        (shape.replace('N', &name), json!({}))
    }),
    ("directives", |dice| {
        let directive = *dice.pick(&["@skip(if: false) ", "@include(if: true) ", "@nope ", "@a(b: [1, {c: 2}]) "]);
        let flood = directive.repeat(dice.between(2, 1_500));
        (
            dice.pick(&[
                "{ viewer D { user { id } } }",
                "query D { __typename }",
                "query($a: Int D) { users(first: $a) { totalCount } }",
                "{ ...F D } fragment F on Query D { __typename }",
            ])
            .replace('D', &flood),
            json!({}),
        )
    }),
    ("duplicates", |dice| {
        let field = *dice.pick(&["id ", "__typename ", "department { id } ", "displayName ", "... { id } "]);
        (format!("{{ viewer {{ user {{ {} }} }} }}", field.repeat(dice.between(10, 4_000))), json!({}))
    }),
    ("many roots", |dice| {
        let field = *dice.pick(&["__typename ", "viewer { user { id } } ", "feedPosts(first: 1) { nodes { id } } "]);
        (format!("{{ {} }}", field.repeat(dice.between(2, 900))), json!({}))
    }),
    ("many mutations", |dice| {
        let field = "signIn(input: {email: \"ann@x.example\", password: \"wrong\"}) { userErrors { code } } ";
        let count = dice.between(2, 100);
        (format!("mutation {{ {} }}", (0..count).map(|n| format!("a{n}: {field}")).collect::<String>()), json!({}))
    }),
    ("large pages", |dice| {
        let levels = dice.between(1, 6);
        let size = *dice.pick(&["100", "2147483647", "-1", "1e400", "99999999999999999999"]);
        let open = format!("directReports(first: {size}) {{ totalCount nodes {{ id displayName ");
        (format!("{{ users(first: {size}) {{ nodes {{ {} id {} }} }} }}", open.repeat(levels), "} } ".repeat(levels)), json!({}))
    }),
    ("many definitions", |dice| ((0..dice.between(2, 1_000)).map(|n| format!("query Q{n} {{ __typename }} ")).collect(), json!({}))),
    ("large variables", |dice| {
        let length = dice.between(100, 20_000);
        let values = match dice.below(6) {
            0 => json!({"ids": vec!["usr_x"; length]}),
            1 => json!({"ids": ["x".repeat(length * 10)]}),
            2 => json!({"ids": vec![json!({"a": [1, 2]}); length / 2]}),
            3 => json!({"ids": vec![1; length * 6]}),
            4 => json!({"ids": vec![json!([]); length]}),
            _ => json!({"ids": [], "other": (0..length / 4).map(|n| (format!("k{n}"), json!(n))).collect::<Map<_, _>>()}),
        };
        ("query($ids: [ID!]!) { nodes(ids: $ids) { id } }".to_owned(), values)
    }),
    ("deep variables", |dice| {
        let levels = dice.between(2, 120);
        let value = (0..levels).fold(json!("a"), |inner, n| if n % 2 == 0 { json!([inner]) } else { json!({"query": inner}) });
        let query =
            *dice.pick(&["query($v: [ID!]!) { nodes(ids: $v) { id } }", "query($v: UserFilter) { users(filter: $v) { totalCount } }"]);
        (query.to_owned(), json!({ "v": value }))
    }),
    ("many errors", |dice| {
        let count = dice.between(2, 100);
        let bad = *dice.pick(&["usr_x", "", "\u{202e}", "' OR 1=1 --", "usr_00000000-0000-0000-0000-000000000000"]);
        match dice.below(3) {
            0 => ("query($ids: [ID!]!) { nodes(ids: $ids) { id } }".to_owned(), json!({"ids": vec![bad; count]})),
            1 => {
                let entity = json!({"kind": "NOPE", "title": bad, "responsibleId": bad});
                (
                    "mutation($i: UpsertOwnedEntitiesInput!) { upsertOwnedEntities(input: $i) { userErrors { code message } } }".to_owned(),
                    json!({"i": {"entities": vec![entity; count * 10]}}),
                )
            }
            _ => (format!("{{ viewer {{ user {{ {} }} }} }}", (0..count).map(|n| format!("nope{n} ")).collect::<String>()), json!({})),
        }
    }),
    ("many variables", |dice| {
        let count = dice.between(10, 900);
        let kind = *dice.pick(&["Int", "[[[[Int!]!]!]!]!", "Nope", "UserFilter"]);
        (format!("query({}) {{ __typename }}", (0..count).map(|n| format!("$v{n}: {kind} ")).collect::<String>()), json!({}))
    }),
    ("circular introspection", |dice| {
        let levels = dice.between(1, 60);
        let (open, close) = *dice.pick(&[
            ("fields { type { ", "} } "),
            ("possibleTypes { interfaces { ", "} } "),
            ("inputFields { type { ofType { ", "} } } "),
            ("ofType { ", "} "),
            ("fields { args { type { ofType { ", "} } } } "),
            ("fields { type { ofType { ", "} } } "),
        ]);
        let root = *dice.pick(&["__schema { types { ", "__type(name: \"User\") { ... { "]);
        let levels = if dice.one_in(2) { levels.min(3) } else { levels };
        (format!("{{ {root} {} name {} }} }} }}", open.repeat(levels), close.repeat(levels)), json!({}))
    }),
    ("introspection many times", |dice| {
        let count = dice.between(2, 120);
        (
            format!(
                "{{ {} }}",
                (0..count)
                    .map(|n| format!(
                        "a{n}: __schema {{ types {{ fields {{ name type {{ name }} args {{ name }} }} enumValues {{ name }} }} }} "
                    ))
                    .collect::<String>()
            ),
            json!({}),
        )
    }),
    ("open strings", |dice| {
        let flood = *dice.pick(&["\"", "\"\"\"", "\"\\", "\"\\u12", "#", "\\", "\"\"\"\\\"\"\" "]);
        (format!("{{ user(id: {} ) {{ id }} }}", flood.repeat(dice.between(1, 20_000) / flood.len() + 1)), json!({}))
    }),
    ("soup of tokens", |dice| {
        let tokens = [
            "{",
            "}",
            "(",
            ")",
            "[",
            "]",
            ":",
            "!",
            "$",
            "@",
            "...",
            "=",
            "|",
            "&",
            "a",
            "on",
            "query",
            "mutation",
            "fragment",
            "subscription",
            "\"s\"",
            "1",
            "-1.5e3",
            "null",
            "__typename",
            "id",
            "viewer",
            ",",
            "\n",
            "#c\n",
            "\u{feff}",
            "é",
        ];
        let count = dice.between(1, 2_000);
        ((0..count).map(|_| format!("{} ", dice.pick(&tokens))).collect(), json!({}))
    }),
    ("a good one bent", |dice| {
        let good = "query Q($n: Int = 3) { users(first: $n, filter: {statuses: [ACTIVE], query: \"a\"}) { nodes { ...F ... on Node { id } } totalCount } } fragment F on User { displayName manager { displayName } }";
        let mut text: Vec<char> = good.chars().collect();
        for _ in 0..dice.between(1, 8) {
            let place = dice.below(text.len());
            match dice.below(3) {
                0 => drop(text.remove(place)),
                1 => text.insert(place, *dice.pick(&['{', '}', '"', '\\', '$', '@', '!', '.', '\u{0}', '\u{1F600}', '#'])),
                _ => text.swap(place, 0),
            }
        }
        (text.into_iter().collect(), json!({"n": *dice.pick(&[1, 0, -1, 101])}))
    }),
    ("subscriptions", |dice| {
        let fields = *dice.pick(&[
            "userEvents { id } userEvents { id }",
            "__typename",
            "...F",
            "__schema { types { name } }",
            "nope",
            "userEvents { id } __typename",
        ]);
        (
            format!("subscription {{ {fields} }} fragment F on Subscription {{ userEvents {{ id }} ... {{ userEvents {{ sequence }} }} }}"),
            json!({}),
        )
    }),
    ("fields that cannot be one", |dice| {
        let fragments: String = (0..dice.between(2, 16))
            .map(|n| {
                format!("fragment F{n} on Node {{ ...F{0} ... on User {{ ...F{0} a: id }} ... on Deal {{ ...F{0} a: version }} }} ", n + 1)
            })
            .collect();
        (format!("{{ node(id: \"usr_x\") {{ ...F0 id x: id x: __typename }} }} {fragments}"), json!({}))
    }),
];

/// So many of an opening and a closing around something.
fn nested(dice: &mut Dice, open: &str, close: &str, inner: &str) -> String {
    let levels = dice.between(2, 14_000 / open.len());
    format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
}

impl Hostile {
    /// How many kinds there are.
    pub const KINDS: usize = KINDS.len();

    /// Draws one.
    pub fn draw(dice: &mut Dice) -> Hostile {
        let (kind, draw) = *dice.pick(KINDS);
        let (query, variables) = draw(dice);
        // An empty document is no document, which is another story.
        let query = if query.is_empty() { "{".to_owned() } else { query };
        Hostile { kind, stays_open: kind == "subscriptions", query, variables }
    }

    /// The beginning of it, for a person.
    pub fn shown(&self) -> String {
        self.query.chars().take(600).collect()
    }
}
