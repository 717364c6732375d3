use super::*;
use crate::http::adapter::library;

#[path = "invariants.rs"]
mod invariants;

/// What a document is refused for: a limit with its maximum, or `syntax`.
fn verdict_by(document: &str, limits: &Limits) -> String {
    match check(document, limits) {
        Ok(()) => "fine".to_owned(),
        Err(Objection::Syntax(_)) => "syntax".to_owned(),
        Err(Objection::Twice { field, at }) => format!("{field} twice at {}", at.column),
        Err(Objection::Over { limit, maximum, message }) => {
            assert!(message.ends_with('.') && message.len() <= 200, "{message}");
            format!("{limit} {maximum}")
        }
    }
}

fn verdict(document: &str) -> String {
    verdict_by(document, &Limits::default())
}

/// At a limit it is fine, one above it is not.
fn edge(limit: &str, maximum: usize, make: impl Fn(usize) -> String) {
    assert_eq!(verdict(&make(maximum)), "fine", "{limit} at {maximum}");
    assert_eq!(verdict(&make(maximum + 1)), format!("{limit} {maximum}"));
}

#[test]
fn documents_of_all_kinds_pass() {
    for document in [
        "{a}",
        "query { a }",
        "query Q($a: [Int!]! @x = [1, 2], $b: I = {a: {b: \"}\"}}) @d(x: $a) { a: b(c: [[{d: 1.5e-3}], \"\\u00e9\"]) @skip(if: true) { c } ... { d } }",
        "mutation M { a } query Q { ...F ... on T @include(if: true) { on fragment query } } fragment F on T @x { a ...G } fragment G on T { b }",
        "subscription { a { b } }",
        "\u{feff}# a comment { { {\r{ a # another }\n}",
        "{ a(x: \"\"\"a \\\"\"\" } { \" \"\" # \"\"\", y: \"#\\\"}\", z: -0.0E+1) }",
        "{ a(x: \"\" y: \"\"\"\"\"\") }",
        "{ a(x: \"héllo \u{1F600}\") }",
        "{ __typename }",
    ] {
        assert_eq!(verdict(document), "fine", "{document}");
        library::parse_query(document).unwrap_or_else(|e| panic!("{document}: {e}"));
    }
}

#[test]
fn no_input_object_has_a_field_twice() {
    for (document, expected) in [
        ("{ a(x: {b: 1, b: 2}) }", "b twice at 15"),
        ("{ a(x: [{b: 1}, {b: 2, c: {b: b}, d: $d}], b: b, x: x) }", "fine"),
        ("query($v: I = {b: b, c: [b, {d: b, d: b}]}) { a }", "d twice at 36"),
        ("{ a @x(y: {b: 1 # b\n b: 2}) }", "b twice at 2"),
        ("{ a(x: {b: {b: {b: 1} }, c: 1, b: 3}) }", "b twice at 32"),
    ] {
        assert_eq!(verdict(document), expected, "{document}");
    }
}

#[test]
fn what_is_no_document_is_a_fault_of_syntax_with_its_place() {
    for document in [
        "",
        " # nothing",
        "{",
        "}",
        "{}",
        "{a",
        "{a}}",
        "{a{}}",
        "{a(}",
        "{a(b:[1)]}",
        "a",
        "query",
        "query Q",
        "query Q {}",
        "{a:}",
        "{:a}",
        "{ ... }",
        "{ ...on }",
        "{ ...on T }",
        "{ ...on{a} }",
        "fragment on on T { a }",
        "fragment F T { a }",
        "fragment F on { a }",
        "type T { a: Int }",
        "{ a @ }",
        "{ a(x: \"b) }",
        "{ a(x: \"\n\") }",
        "{ a(x: \"\\x\") }",
        "{ a(x: \"\"\"b\"\") }",
        "{ a(x: 1a) }",
        "{ a(x: 1.) }",
        "{ a(x: -) }",
        "{ a(x: 1e) }",
        "{ a(x: .5) }",
        "{ a % }",
        "{ é }",
        "queryQ { a }",
        "{ \"a\" }",
        "{ 1 }",
        "{ a(x: \"\\u12\") }",
    ] {
        assert_eq!(verdict(document), "syntax", "{document}");
    }
    assert_eq!(check("{\n  é }", &Limits::default()), Err(Objection::Syntax(Position { line: 2, column: 3 })));
    assert_eq!(check("{ a", &Limits::default()), Err(Objection::Syntax(Position { line: 1, column: 4 })));
}

#[test]
fn each_limit_holds_at_its_edge() {
    edge("documentBytes", 32 * 1024, |n| format!("{{a}}{}", " ".repeat(n - 3)));
    // Four of them are not `a`.
    edge("tokens", 4_000, |n| format!("{{ b {{ {} }} }}", "a ".repeat(n - 5)));
}

#[test]
fn written_limits_hold_at_their_edges() {
    edge("nameBytes", 255, |n| format!("{{ {} }}", "a".repeat(n)));
    edge("bracketDepth", 64, |n| format!("{}a{}", "{a".repeat(n - 1) + "{", "}".repeat(n)));
    edge("bracketDepth", 64, |n| format!("{{a(x:{}{})}}", "[".repeat(n - 2), "]".repeat(n - 2)));
    edge("bracketDepth", 64, |n| format!("query($x: I = {}1{}) {{a}}", "{a:".repeat(n - 1), "}".repeat(n - 1)));
    edge("definitions", 20, |n| "query Q{a}".repeat(n));
    edge("aliases", 30, |n| format!("{{ x {{ {} }} }}", "a:b ".repeat(n)));
    edge("rootFields", 20, |n| format!("{{ {} }}", "a ".repeat(n)));
    edge("mutations", 5, |n| format!("mutation {{ {} }}", "a ".repeat(n)));
    edge("signIn", 1, |n| format!("mutation {{ {} }}", "signIn ".repeat(n)));
    edge("acceptInvitation", 1, |n| format!("mutation {{ a {} }}", "b: acceptInvitation ".repeat(n)));
    edge("directives", 50, |n| format!("{{ x {{ {} }} }}", "a @b ".repeat(n)));
    edge("directives", 50, |n| format!("query({}) {{ a }}", "$a: Int @b ".repeat(n)));
    edge("fieldDirectives", 4, |n| format!("{{ a {} }}", "@b ".repeat(n)));
    edge("fieldDirectives", 4, |n| format!("query($a: Int {}, $b: Int @b) {{ a }}", "@b(x: 1) ".repeat(n)));
    edge("fieldDirectives", 4, |n| format!("query {} {{ a }}", "@b ".repeat(n)));
}

#[test]
fn root_fields_are_counted_through_fragments_with_repeats() {
    let spread =
        |n: usize| format!("{{ {} ...F ... {{ a }} }} fragment F on Query {{ a ...G }} fragment G on Query {{ b }}", "c ".repeat(n - 3));
    edge("rootFields", 20, spread);
    edge("mutations", 5, |n| format!("mutation {{ {} }} fragment F on Mutation {{ a }}", "...F ".repeat(n)));
    edge("signIn", 1, |n| format!("mutation {{ {} }} fragment F on Mutation {{ ... {{ signIn }} }}", "...F ".repeat(n)));
    assert_eq!(verdict("query { signIn signIn }"), "fine", "there is no such field, which the validation says");
    assert_eq!(verdict(&format!("query A {{ a }} query B {{ {} }}", "a ".repeat(21))), "rootFields 20", "whichever operation is run");
}

#[test]
fn fragments_are_expanded_once_each_and_sums_saturate() {
    // 2^n selections of 19 fragments.
    let bomb = |levels: usize| {
        let fragments: Vec<String> = (0..levels).map(|n| format!("fragment F{n} on T {{ ...F{0} ...F{0} }}", n + 1)).collect();
        format!("{{ a {{ ...F0 }} }} {} fragment F{levels} on T {{ a }}", fragments.join(" "))
    };
    assert_eq!(verdict(&bomb(10)), "fine");
    assert_eq!(verdict(&bomb(18)), "selections 10000");
    let wide = format!(
        "{{ a {{ {} }} }} fragment A on T {{ {} }} fragment B on T {{ {} }}",
        "...A ".repeat(700),
        "...B ".repeat(700),
        "b ".repeat(900)
    );
    assert_eq!(verdict(&wide), "selections 10000");
    // A spread, and ten fields in it, with one field around all.
    let fields = |n: usize| {
        format!("{{ a {{ {} {} }} }} fragment F on T {{ {} }}", "...F ".repeat(n / 11), "b ".repeat(n % 11 - 1), "a ".repeat(10))
    };
    edge("selections", 10_000, fields);
    let chain = |n: usize| {
        let inner = |n: usize| format!("fragment F{n} on T {{ a {{ b {{ c {{ d {{ ...F{} }} }} }} }} }}", n + 1);
        format!("{{ ...F0 }} {} fragment F{n} on T {{ a }}", (0..n).map(inner).collect::<String>())
    };
    assert_eq!(verdict(&chain(12)), "fine", "62 levels");
    assert_eq!(verdict(&chain(13)), "bracketDepth 64");
    assert_eq!(verdict("{ a } fragment F on T { a { ...F } }"), "fragmentCycles 0");
    assert_eq!(verdict("{ ...A } fragment A on T { ...B } fragment B on T { ...C } fragment C on T { ...A }"), "fragmentCycles 0");
    assert_eq!(verdict("{ ...A } fragment A on T { a } fragment A on T { b }"), "fragmentsOfOneName 1");
    assert_eq!(verdict("{ ...Nowhere }"), "fine", "which the validation says");
}

#[test]
fn subscriptions_have_one_field() {
    for (document, expected) in [
        ("subscription { a }", "fine"),
        ("subscription { ...F } fragment F on Subscription { ... { a { __typename } } }", "fine"),
        ("subscription { a b }", "subscriptionFields 1"),
        ("subscription { a a }", "subscriptionFields 1"),
        ("subscription { ...F a } fragment F on Subscription { b }", "subscriptionFields 1"),
        ("subscription { ...F } fragment F on Subscription { a ... { b } }", "subscriptionFields 1"),
        ("subscription { __typename }", "subscriptionFields 1"),
        ("subscription { __schema { queryType { name } } }", "subscriptionFields 1"),
        ("subscription { a __typename }", "subscriptionFields 1"),
        ("query Q { a } subscription S { a b }", "subscriptionFields 1"),
    ] {
        assert_eq!(verdict(document), expected, "{document}");
    }
}

#[test]
fn introspection_has_an_account_of_its_own() {
    assert_eq!(verdict(crate::http::tests::INTROSPECTION), "fine");
    assert_eq!(verdict(&format!("{{ __schema {{ types {{ {} }} }} }}", "a: name @skip(if: false) ".repeat(100))), "fine");
    assert_eq!(verdict(&format!("{{ {} __schema {{ types {{ name }} }} __type(name: \"A\") {{ name }} }}", "a ".repeat(20))), "fine");
    let nested = |n: usize| format!("{{ __schema {{ types {{ {} name {} }} }} }}", "fields { type { ".repeat(n), "} } ".repeat(n));
    edge("introspectionLists", 3, nested);
    let mixed = "{ __type(name: \"A\") { possibleTypes { interfaces { fields { type { inputFields { name } } } } } } }";
    assert_eq!(verdict(mixed), "introspectionLists 3");
    let hidden = "{ __schema { types { ...A } } } fragment A on __Type { fields { type { ...B } } } fragment B on __Type { fields { type { ...C } } }
        fragment C on __Type { fields { type { fields { name } } } }";
    assert_eq!(verdict(hidden), "introspectionLists 3");
    assert_eq!(
        verdict("{ fields { fields { fields { fields { fields { name } } } } } }"),
        "fine",
        "elsewhere these are fields like others"
    );
    let bomb: String = (0..17).map(|n| format!("fragment F{n} on __Type {{ ofType {{ ...F{0} ...F{0} }} }}", n + 1)).collect();
    assert_eq!(verdict(&format!("{{ __schema {{ types {{ ...F0 }} }} }} {bomb} fragment F17 on __Type {{ name }}")), "selections 10000");
}

#[test]
fn time_is_linear_whatever_is_sent() {
    let limits = Limits { document_bytes: usize::MAX, tokens: usize::MAX, ..Limits::default() };
    let openings = [
        "{",
        "{a",
        "[",
        "(",
        "{a(x:[",
        "\"",
        "\"\"\"",
        "\\",
        "#",
        "...",
        "@a",
        "$",
        "{...",
        "query(",
        "fragment F on T{",
        "1",
        "-",
        "é",
        "a:",
    ];
    for opening in openings {
        let begun = tokio::time::Instant::now();
        let document = opening.repeat(1_000_000 / opening.len());
        assert!(check(&document, &limits).is_err(), "{opening}");
        assert!(begun.elapsed() < std::time::Duration::from_secs(3), "{opening}: {:?}", begun.elapsed());
    }
}

/// What the fuzzer has found worth keeping (see `fuzz/`).
#[test]
fn the_corpus_of_the_fuzzer_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/guard");
    let files = std::fs::read_dir(folder).expect("the corpus").map(|entry| entry.expect("a file").path());
    let documents: Vec<Vec<u8>> = files.map(|path| std::fs::read(path).expect("a document")).collect();
    assert!(documents.len() > 20, "{}", documents.len());
    for document in documents {
        if let Ok(document) = std::str::from_utf8(&document) {
            invariants::hold(document);
        }
    }
}
