use super::*;

fn fault(settings: Settings) -> String {
    settings.into_config(Purpose::Serve, OnCommandLine::default()).expect_err("malformed").to_string()
}

fn good() -> Settings {
    Settings { mail: Some("file:mails".into()), ..Settings::default() }
}

#[test]
fn defaults_are_those_of_the_contract() {
    let config = good().into_config(Purpose::Serve, OnCommandLine::default()).expect("fine");
    assert_eq!(config.database_url.expose_secret(), "sqlite://tenure.db?mode=rwc");
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.profile, Profile::Production);
    assert_eq!((config.seat_limit, config.plan.as_str()), (None, "self-hosted"));
    assert_eq!(config.key_file, PathBuf::from("tenure.keys.json"));
    assert_eq!(config.public_base(), "http://127.0.0.1:8080");
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.rate_limit, Some(60_000));
    let off = Settings { rate_limit: Some("off".into()), ..good() };
    assert_eq!(off.into_config(Purpose::Serve, OnCommandLine::default()).expect("fine").rate_limit, None);
    let demo = Settings::default().into_config(Purpose::Demo, OnCommandLine::default()).expect("fine");
    assert_eq!((demo.profile, demo.mail), (Profile::Development, MailRoute::Stdout));
    assert_eq!(demo.key_file, PathBuf::from("tenure-demo.keys.json"));
}

#[test]
fn every_fault_names_its_variable_in_one_line() {
    type Set = fn(&mut Settings, String);
    let cases: &[(&str, Set, &[&str])] = &[
        ("DATABASE_URL", |s, v| s.database_url = Some(v), &["", "mysql://x", "tenure.db", "sqlite:", "postgres://"]),
        ("LISTEN", |s, v| s.listen = Some(v), &["", "8080", "localhost", "127.0.0.1", "127.0.0.1:99999", "0.0.0.0:80"]),
        ("PROFILE", |s, v| s.profile = Some(v), &["", "prod"]),
        ("SEAT_LIMIT", |s, v| s.seat_limit = Some(v), &["", "0", "-1", "many", "99999999999", "1.5"]),
        ("PLAN", |s, v| s.plan = Some(v), &["", " ", "a\nb"]),
        (
            "MAIL",
            |s, v| s.mail = Some(v),
            &["", "stdout", "file:", "smtp://mail.example/x", "smtp://ann:secret@mail.example?tls=none", "pigeon"],
        ),
        ("MAIL_FROM", |s, v| s.mail_from = Some(v), &["", "ann", "Ann <ann@example.com>", "ann@-.example"]),
        (
            "PUBLIC_URL",
            |s, v| s.public_url = Some(v),
            &["", "tenure", "ftp://x.example", "https://x.example/?a=b", "https://u:p@x.example"],
        ),
        ("KEY_FILE", |s, v| s.key_file = Some(v), &[""]),
        ("ALLOWED_ORIGINS", |s, v| s.allowed_origins = Some(v), &["", "*", "https://x.example/path", "x.example", "https://a.example,*"]),
        ("TRUSTED_PROXIES", |s, v| s.trusted_proxies = Some(v), &["", "10.0.0.0/33", "proxy", "10.0.0.1,"]),
        ("BEHIND_PROXY", |s, v| s.behind_proxy = Some(v), &["", "maybe"]),
        ("LIMIT_BODY_BYTES", |s, v| s.limit_body_bytes = Some(v), &["", "0", "-1", "1k"]),
        ("LIMIT_REQUEST_BYTES_AT_ONCE", |s, v| s.limit_request_bytes_at_once = Some(v), &["", "0", "-1", "1k"]),
        ("LIMIT_VALUES", |s, v| s.limit_values = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_VALUES_AT_ONCE", |s, v| s.limit_values_at_once = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_DOCUMENT_BYTES", |s, v| s.limit_document_bytes = Some(v), &["0"]),
        ("LIMIT_DEPTH", |s, v| s.limit_depth = Some(v), &["0", "deep"]),
        ("LIMIT_COST", |s, v| s.limit_cost = Some(v), &["0", "18446744073709551616"]),
        ("LIMIT_TOKENS", |s, v| s.limit_tokens = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_NAME_BYTES", |s, v| s.limit_name_bytes = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_BRACKET_DEPTH", |s, v| s.limit_bracket_depth = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_DEFINITIONS", |s, v| s.limit_definitions = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_ALIASES", |s, v| s.limit_aliases = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_ROOT_FIELDS", |s, v| s.limit_root_fields = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_MUTATIONS", |s, v| s.limit_mutations = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_DIRECTIVES", |s, v| s.limit_directives = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_FIELD_DIRECTIVES", |s, v| s.limit_field_directives = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_SELECTIONS", |s, v| s.limit_selections = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_INTROSPECTION_LISTS", |s, v| s.limit_introspection_lists = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_INTROSPECTION_NODES", |s, v| s.limit_introspection_nodes = Some(v), &["0"]),
        ("LIMIT_NODES", |s, v| s.limit_nodes = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_CONCURRENCY", |s, v| s.limit_concurrency = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_ACCOUNT_PERCENT", |s, v| s.limit_account_percent = Some(v), &["", "0", "101", "half"]),
        ("LIMIT_QUEUE_MILLISECONDS", |s, v| s.limit_queue_milliseconds = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_SECONDS", |s, v| s.limit_seconds = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_SOCKET_OPERATIONS", |s, v| s.limit_socket_operations = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_MESSAGE_BYTES", |s, v| s.limit_message_bytes = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_INIT_SECONDS", |s, v| s.limit_init_seconds = Some(v), &["", "0", "-1", "many"]),
        ("LIMIT_LISTENER_STALL_SECONDS", |s, v| s.limit_listener_stall_seconds = Some(v), &["", "0", "-1", "many"]),
        ("RATE_LIMIT", |s, v| s.rate_limit = Some(v), &["", "0", "-1", "on", "99999999999"]),
        ("LIMIT_CONNECTIONS", |s, v| s.connections.limit_connections = Some(v), &["0", "all"]),
        ("METRICS_LISTEN", |s, v| s.metrics_listen = Some(v), &["", "9100", "0.0.0.0:9100", "[::]:9100", "198.51.100.7:9100"]),
    ];
    for (name, set, values) in cases {
        for value in *values {
            let mut settings = good();
            set(&mut settings, (*value).to_owned());
            let text = fault(settings);
            assert!(text.contains(&format!("TENURE_{name}")), "{name}={value}: {text}");
            assert!(!text.contains('\n') && text.contains("expected"), "{name}={value}: {text}");
        }
    }
}

#[test]
fn what_production_needs_is_asked_for() {
    assert!(fault(Settings::default()).contains("TENURE_MAIL is required"));
    let postgres = || Some("postgres://tenure:secret-word@db.example/tenure".to_owned());
    let text = fault(Settings { database_url: postgres(), ..good() });
    assert!(text.contains("TENURE_KEY_FILE is required") && !text.contains("secret-word"), "{text}");
    let with_keys = Settings { database_url: postgres(), key_file: Some("k".into()), ..good() };
    let text = with_keys
        .into_config(Purpose::Serve, OnCommandLine { database_url: true, mail: false })
        .expect_err("on the command line")
        .to_string();
    assert!(text.contains("environment only") && !text.contains("secret-word"), "{text}");
    let smtp = || Settings { mail: Some("smtps://tenure:secret-word@mail.example".into()), ..good() };
    let text = smtp().into_config(Purpose::Serve, OnCommandLine { database_url: false, mail: true }).expect_err("a flag").to_string();
    assert!(text.contains("TENURE_MAIL") && text.contains("environment only") && !text.contains("secret-word"), "{text}");
    assert!(matches!(smtp().into_config(Purpose::Serve, OnCommandLine::default()).expect("fine").mail, MailRoute::Smtp(_)));
    let open = |s: Settings| Settings { listen: Some("0.0.0.0:80".into()), ..s }.into_config(Purpose::Serve, OnCommandLine::default());
    assert!(open(Settings { behind_proxy: Some("true".into()), ..good() }).is_ok());
    assert!(open(Settings { trusted_proxies: Some("10.0.0.0/8, ::1".into()), ..good() }).is_ok());
    assert!(open(Settings { profile: Some("development".into()), behind_proxy: Some("true".into()), ..good() }).is_err());
    assert!(Settings::default().into_config(Purpose::Tool, OnCommandLine::default()).is_ok(), "commands beside the server send no mail");
}

#[test]
fn production_refuses_passwords_that_anybody_tries_first() {
    let keyed = || Settings { key_file: Some("k".into()), ..good() };
    let database = |url: &str| Settings { database_url: Some(url.into()), ..keyed() };
    for url in [
        "postgres://tenure:postgres@db.example/tenure",
        "postgres://tenure:Change%2DMe@db.example/tenure",
        "postgres://tenure:tenure@10.0.0.7/tenure",
        "postgres://db.example/tenure?user=tenure&password=short",
    ] {
        let text = fault(database(url));
        assert!(text.contains("TENURE_DATABASE_URL") && text.contains("expected") && !text.contains("db.example"), "{text}");
        let development = Settings { profile: Some("development".into()), ..database(url) };
        assert!(development.into_config(Purpose::Serve, OnCommandLine::default()).is_ok());
    }
    let read = |settings: Settings| settings.into_config(Purpose::Serve, OnCommandLine::default());
    for url in ["postgres://tenure:tenure@127.0.0.1/t", "postgres://tenure:t@localhost/t", "postgres://tenure:t@[::1]/t"] {
        assert!(read(database(url)).is_ok(), "{url}: nobody else reaches it");
    }
    assert!(read(database("postgres://tenure:violet-harbor@db.example/t")).is_ok());
    let text = fault(Settings { mail: Some("smtps://tenure:changeme@mail.example".into()), ..Settings::default() });
    assert!(text.contains("TENURE_MAIL") && !text.contains("changeme"), "{text}");
}

#[test]
fn unknown_variables_are_refused() {
    let command = Settings::augment_args(Command::new("tenure"));
    let check = |name: &str| check_environment(&command, [(OsString::from(name), OsString::from("x"))]);
    assert_eq!(check("TENURE_LISTEN"), Ok(()));
    assert_eq!(check("PATH"), Ok(()));
    for name in ["TENURE_LISTNE", "TENURE_TEST_X", "TENURE_"] {
        let text = check(name).expect_err("unknown").to_string();
        assert!(text.contains(name) && text.contains("expected") && !text.contains('\n'), "{text}");
    }
}
