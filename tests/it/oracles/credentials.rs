//! What somebody proves themself with: of a leaver, and of nobody.

use serde_json::json;
use tenure::identity::NewAccessToken;

use super::paths::Path;
use super::*;
use crate::support::office::PASSWORD;

fn act(mutation: &str, input: Value) -> Path {
    let mut name = mutation.to_owned();
    name[..1].make_ascii_uppercase();
    let document =
        format!("mutation Run($input: {name}Input!) {{ {mutation}(input: $input) {{ __typename userErrors {{ code message field }} }} }}");
    Path { argument: "", document, variables: json!({"input": input}) }
}

on_both! {
    /// S3: signing in as somebody unknown, with a wrong password, as somebody invited, and as somebody dismissed with the right one.
    async fn s3_signing_in_tells_nothing_but_no(db: Backend) {
        let scene = Scene::set(db).await;
        let company = &scene.office.company;
        let anybody = scene.office.server.anonymous();
        let again = &scene.hidden[2].1;
        let attempts = [
            ("unknown", "zzz.zzzzzz@example.com", PASSWORD),
            ("malformed", "no address at all", PASSWORD),
            ("wrong", company.emma.email.as_str(), "not the right one at all"),
            ("a leaver's right one", company.leo.email.as_str(), PASSWORD),
            ("invited", "ida.invited@example.com", PASSWORD),
            ("invited again", again.address.as_str(), PASSWORD),
        ];
        let mut told = Vec::new();
        for (name, email, word) in attempts {
            let mut answer = scene.tell(&anybody, &act("signIn", json!({"email": email, "password": word})), &[]).await;
            // What is no address is looked up nowhere; whether a text is one, everybody can tell by themself.
            if name == "malformed" {
                answer.statements += 1;
            }
            told.push((name, answer));
        }
        for (name, answer) in &told {
            assert_eq!(answer, &told[0].1, "{name}");
            assert_eq!(answer.passwords, 1, "{name}");
        }
        assert!(told[0].1.body.contains("INVALID_CREDENTIALS"), "{told:?}");
    }

    /// E8, S3: asking for a new password. What comes of it is worked off behind the answer, alike for a leaver and for nobody.
    async fn e8_asking_for_a_new_password_tells_nothing(db: Backend) {
        let scene = Scene::set(db).await;
        let company = &scene.office.company;
        let anybody = scene.office.server.anonymous();
        let mut told = Vec::new();
        for (name, email) in [
            ("unknown", "zzz.zzzzzz@example.com"),
            ("malformed", "no address at all"),
            ("a leaver", company.leo.email.as_str()),
            ("invited", "ida.invited@example.com"),
            ("invited again", scene.hidden[2].1.address.as_str()),
            ("active", company.emma.email.as_str()),
        ] {
            let before = scene.office.storage.statements();
            let answer = scene.tell(&anybody, &act("requestPasswordReset", json!({"email": email})), &[]).await;
            tokio::time::sleep(Duration::from_millis(400)).await;
            told.push((name, Told { statements: 0, ..answer }, scene.office.storage.statements() - before));
        }
        for (name, answer, statements) in &told {
            assert_eq!(answer, &told[0].1, "{name}");
            if !["malformed", "active"].contains(name) {
                assert_eq!(*statements, told[0].2, "{name}: {told:?}");
            }
        }
        assert!(told[0].1.body.contains("__typename"), "{told:?}");
    }

    /// R2, E6, E8, S2: links and secrets that ended with somebody's access are as good as ones that never were.
    async fn r2_what_ended_with_somebody_s_access_is_as_if_it_had_never_been(db: Backend) {
        let scene = Scene::set(db).await;
        let (office, company) = (&scene.office, &scene.office.company);
        let ann = scene.caller("administrator");
        let anybody = office.server.anonymous();
        // Emma asks for everything that there is to ask for, and is dismissed.
        let emma = office.sign_in(&company.emma).await;
        let pat = emma.run("createAccessToken", json!({"name": "t", "permissions": ["USERS_READ"]}), "secret").await.ok().text("secret");
        let input = json!({"address": "emma@new.example", "password": PASSWORD});
        emma.run("requestLoginEmailChange", input, "expiresAt").await.ok();
        let confirm = office.mail.latest_to("emma@new.example").await.token();
        anybody.run("requestPasswordReset", json!({"email": company.emma.email}), "accepted").await.ok();
        let reset = office.mail.await_subject(&company.emma.email, "Choose a new password").await.token();
        let invited = json!({"email": "kim@new.example", "kind": "INTRANET", "firstName": "Kim", "lastName": "New"});
        let kim = ann.run("invite", invited, "user { id }").await.ok().text("user.id");
        let accept = office.mail.latest_to("kim@new.example").await.token();
        ann.run("revokeInvitation", json!({"userId": kim}), "revokedUserId").await.ok();
        ann.run("dismiss", json!({"userId": company.emma.id}), "user { status }").await.ok();
        office.mail.settled().await;

        let other = |token: &str| -> String {
            // In the middle: the prefix stays, and the last letter has bits that nobody reads.
            token.char_indices().map(|(n, c)| if n != 20 { c } else if c == 'x' { 'y' } else { 'x' }).collect()
        };
        let good = "plum-otter-vivid-93";
        let refresh = emma.refresh_token();
        for (mutation, key, secret, more) in [
            ("confirmLoginEmailChange", "token", confirm.as_str(), json!({})),
            ("resetPassword", "token", reset.as_str(), json!({"newPassword": good})),
            ("resetPassword", "token", reset.as_str(), json!({"newPassword": "weak"})),
            ("acceptInvitation", "token", accept.as_str(), json!({"password": good})),
            ("acceptInvitation", "token", accept.as_str(), json!({"password": "weak"})),
            ("refreshSession", "refreshToken", refresh, json!({})),
        ] {
            let input = |secret: &str| {
                let mut input = more.clone();
                input[key] = json!(secret);
                act(mutation, input)
            };
            let ended = scene.tell(&anybody, &input(secret), &[secret]).await;
            let unknown = scene.tell(&anybody, &input(&other(secret)), &[&other(secret)]).await;
            assert_eq!(ended, unknown, "{mutation}");
            assert!(ended.body.contains("INVALID") || ended.body.contains("SESSION_ENDED"), "{mutation}: {ended:?}");
        }
        let asking = Path { argument: "", document: "{ viewer { user { id } } }".to_owned(), variables: json!({}) };
        let ended = scene.tell(&office.server.with_token(&pat), &asking, &[]).await;
        let unknown = NewAccessToken::random().expect("random bytes").secret;
        let unknown = scene.tell(&office.server.with_token(&unknown), &asking, &[]).await;
        assert_eq!((ended.status, &ended), (401, &unknown), "an access token");
        let ended = scene.tell(&emma, &asking, &[]).await;
        assert_eq!((ended.status, &ended.body, &ended.headers), (401, &unknown.body, &unknown.headers), "a session");
    }
}
