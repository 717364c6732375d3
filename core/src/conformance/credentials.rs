use std::sync::Arc;

use super::fixtures::*;
use super::pages::{Direction, Listed, assert_cut, hidden_patterns};
use super::{begin, commit};
use crate::credential::{AccessToken, EndedCredentials, Invitation, PendingLink, RefreshToken, Session};
use crate::email::EmailRole;
use crate::id::{AccessTokenId, SessionId};
use crate::page::{Key, PageRequest, SortValue};
use crate::policy::{TokenScope, for_suite};
use crate::secret::LinkPurpose;
use crate::settings::Settings;
use crate::storage::Storage;
use crate::user::{Actor, User};

/// Rule I4: as they stand now, ended or not.
pub async fn a_session_comes_with_its_person_and_the_settings(storage: Arc<dyn Storage>) {
    let ann = user(1, "Ann Lee");
    let addresses = vec![held(ann.id, "ann@example.com", &[EmailRole::Login])];
    Seed { users: vec![ann.clone()], addresses, sessions: vec![session(1, &ann)], ..Seed::default() }.sow(&storage).await;
    let principal = storage.session_principal(session(1, &ann).id).await.expect("read").expect("the session");
    assert_eq!(principal.session, session(1, &ann));
    assert_eq!(principal.user, User { login_email: Some(email("ann@example.com")), ..ann.clone() }, "with addresses");
    assert_eq!(principal.settings, Settings::initial());
    let mut tx = begin(&storage).await;
    tx.user_update(&User { epoch: 3, version: 2, ..ann.clone() }).await.expect("update");
    tx.settings_update(&Settings { version: 2, show_dismissed_users: true, ..Settings::initial() }).await.expect("settings");
    assert_eq!(tx.sessions_end(&[session(1, &ann).id], at(5)).await.expect("end"), 1);
    commit(tx).await;
    let principal = storage.session_principal(session(1, &ann).id).await.expect("read").expect("an ended session is still there");
    assert_eq!((principal.user.epoch, principal.settings.version, principal.session.ended_at), (3, 2, Some(at(5))), "as they stand now");
    assert_eq!(storage.session_principal(SessionId(uuid(9))).await.expect("read"), None);
}

/// Rule I4: the same of many as of one; unknown ones are left out.
pub async fn principals_of_many_come_at_once(storage: Arc<dyn Storage>) {
    let (ann, bob) = (user(1, "Ann Lee"), dismissed(2, "Bob Ray", at(0)));
    let seed = Seed {
        users: vec![ann.clone(), bob.clone()],
        addresses: vec![held(ann.id, "ann@example.com", &[EmailRole::Login])],
        sessions: vec![session(1, &ann), Session { ended_at: Some(at(3)), ..session(2, &ann) }, session(3, &bob), session(4, &bob)],
        access_tokens: vec![
            access_token(1, ann.id),
            AccessToken { revoked_at: Some(at(3)), ..access_token(2, ann.id) },
            access_token(3, bob.id),
            access_token(4, bob.id),
        ],
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let ids = [3, 1, 2].map(|n| session(n, &ann).id);
    let mut found = storage.session_principals(&[&ids[..], &[SessionId(uuid(9)), ids[0]]].concat()).await.expect("read");
    found.sort_by_key(|p| p.session.id);
    let mut expected = Vec::new();
    for id in [ids[1], ids[2], ids[0]] {
        expected.push(storage.session_principal(id).await.expect("read").expect("a session"));
    }
    assert_eq!(found, expected, "ended or not, whatever became of the person, each once");
    let ids = [3, 1, 2].map(|n| access_token(n, ann.id).id);
    let mut found = storage.token_principals(&[&ids[..], &[AccessTokenId(uuid(9)), ids[0]]].concat()).await.expect("read");
    found.sort_by_key(|p| p.token.id);
    let mut expected = Vec::new();
    for n in [1, 2, 3] {
        expected.push(storage.token_principal(hash(n)).await.expect("read").expect("a token"));
    }
    assert_eq!(found, expected, "revoked or not, whatever became of the owner, each once");
    assert_eq!(storage.session_principals(&[]).await.expect("read"), []);
    assert_eq!(storage.token_principals(&[]).await.expect("read"), []);
}

/// Rule I4: one session goes on under the epoch to which the person's was raised; no other does.
pub async fn a_session_survives_where_it_is_lifted(storage: Arc<dyn Storage>) {
    let ann = user(1, "Ann Lee");
    let seed = Seed { users: vec![ann.clone()], sessions: vec![session(1, &ann), session(2, &ann)], ..Seed::default() };
    seed.sow(&storage).await;
    let ids = [1, 2].map(|n| session(n, &ann).id);
    let mut tx = begin(&storage).await;
    tx.user_update(&User { epoch: ann.epoch + 1, ..ann.clone() }).await.expect("update");
    tx.session_lift(ids[0], ann.epoch + 1).await.expect("lift");
    tx.session_lift(SessionId(uuid(9)), 7).await.expect("lifting none is nothing");
    commit(tx).await;
    let lifted = storage.session_principal(ids[0]).await.expect("read").expect("a session");
    assert_eq!(lifted.session, Session { epoch: ann.epoch + 1, ..session(1, &ann) }, "lifted, and nothing else");
    assert_eq!(storage.session_principal(ids[1]).await.expect("read").expect("a session").session, session(2, &ann), "left behind");
    assert_eq!(storage.live_credentials(&[ann.id], at(1)).await.expect("counts")[0].sessions, 1);
}

/// Extended while it lasts; ended once, at the first time given, with its refresh tokens.
pub async fn sessions_are_extended_and_end_once(storage: Arc<dyn Storage>) {
    let ann = user(1, "Ann Lee");
    let ids = [1, 2, 3].map(|n| session(n, &ann).id);
    let seed = Seed {
        users: vec![ann.clone()],
        sessions: (1..=3).map(|n| session(n, &ann)).collect(),
        refresh_tokens: vec![refresh_token(1, ids[0]), refresh_token(2, ids[1])],
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let mut tx = begin(&storage).await;
    tx.session_extend(ids[1], at(9999)).await.expect("extend");
    assert_eq!(tx.sessions_end(&[ids[0], SessionId(uuid(9))], at(5)).await.expect("end"), 1, "those that lasted");
    assert_eq!(tx.sessions_end(&[ids[0], ids[2]], at(6)).await.expect("end"), 1, "ended once");
    commit(tx).await;
    let mut sessions = Vec::new();
    for id in ids {
        sessions.push(storage.session_principal(id).await.expect("read").expect("a session").session);
    }
    let expected = [
        Session { ended_at: Some(at(5)), ..session(1, &ann) },
        Session { expires_at: at(9999), ..session(2, &ann) },
        Session { ended_at: Some(at(6)), ..session(3, &ann) },
    ];
    assert_eq!(sessions, expected);
    assert_eq!(storage.refresh_token_by_hash(hash(1)).await.expect("read"), None, "the refresh token dies with its session");
    assert_eq!(storage.refresh_token_by_hash(hash(2)).await.expect("read"), Some(refresh_token(2, ids[1])), "others stay");
}

/// All end, but only those that worked are counted: not expired, of the present epoch; one may stay.
pub async fn ending_all_sessions_counts_those_that_worked(storage: Arc<dyn Storage>) {
    let (ann, bob) = (User { epoch: 2, ..user(1, "Ann Lee") }, user(2, "Bob Ray"));
    let sessions = vec![
        session(1, &ann),
        session(2, &ann),
        Session { expires_at: at(5), ..session(3, &ann) },
        Session { epoch: 1, ..session(4, &ann) },
        Session { ended_at: Some(at(1)), ..session(5, &ann) },
        session(6, &ann),
        session(7, &bob),
    ];
    let ids: Vec<SessionId> = sessions.iter().map(|s| s.id).collect();
    let refresh_tokens = (1..=7).map(|n| refresh_token(n, ids[usize::from(n) - 1])).collect();
    Seed { users: vec![ann.clone(), bob], sessions, refresh_tokens, ..Seed::default() }.sow(&storage).await;
    let mut tx = begin(&storage).await;
    assert_eq!(tx.sessions_end_of(ann.id, Some(ids[5]), at(5)).await.expect("end"), 2, "how many of them still worked");
    commit(tx).await;
    let mut ended = Vec::new();
    for id in &ids {
        ended.push(storage.session_principal(*id).await.expect("read").expect("a session").session.ended_at);
    }
    assert_eq!(ended, [Some(at(5)), Some(at(5)), Some(at(5)), Some(at(5)), Some(at(1)), None, None], "all that lasted, but one");
    for (n, lives) in [(1, false), (3, false), (6, true), (7, true)] {
        assert_eq!(storage.refresh_token_by_hash(hash(n)).await.expect("read").is_some(), lives, "refresh token {n}");
    }
    let mut tx = begin(&storage).await;
    assert_eq!(tx.sessions_end_of(ann.id, None, at(6)).await.expect("end"), 1, "the one that was left");
}

/// Of many that try at once, one succeeds.
pub async fn a_refresh_token_works_once(storage: Arc<dyn Storage>) {
    let ann = user(1, "Ann Lee");
    let id = session(1, &ann).id;
    Seed { users: vec![ann.clone()], sessions: vec![session(1, &ann)], refresh_tokens: vec![refresh_token(1, id)], ..Seed::default() }
        .sow(&storage)
        .await;
    let rivals: Vec<_> = (0..8)
        .map(|n| {
            let storage = Arc::clone(&storage);
            tokio::spawn(async move {
                loop {
                    let mut tx = begin(&storage).await;
                    match tx.refresh_token_use(hash(1), at(n)).await {
                        Ok(used) => match tx.commit().await {
                            Ok(()) => return used,
                            Err(crate::storage::StorageError::Conflict) => {}
                            Err(error) => panic!("commit: {error:?}"),
                        },
                        Err(crate::storage::StorageError::Conflict) => {}
                        Err(error) => panic!("a lost race is a Conflict, not {error:?}"),
                    }
                }
            })
        })
        .collect();
    let mut winners = 0;
    for rival in rivals {
        winners += u32::from(rival.await.expect("a rival"));
    }
    assert_eq!(winners, 1, "a refresh token works once");
    let token = storage.refresh_token_by_hash(hash(1)).await.expect("read").expect("a used token is still known");
    assert!(matches!(token, RefreshToken { session, used_at: Some(_), .. } if session == id), "{token:?}");
    let mut tx = begin(&storage).await;
    assert!(!tx.refresh_token_use(hash(9), at(1)).await.expect("use"), "an unknown token does not work");
    assert_eq!(tx.refresh_token_by_hash(hash(9)).await.expect("read"), None);
}

/// Rule S4: as they stand now, revoked or not.
pub async fn an_access_token_comes_with_its_owner_and_the_settings(storage: Arc<dyn Storage>) {
    let ann = user(1, "Ann Lee");
    let token = AccessToken { name: "Ünïcode 🦀".into(), last_used_at: Some(at(3)), ..access_token(1, ann.id) };
    Seed { users: vec![ann.clone()], access_tokens: vec![token.clone(), access_token(2, ann.id)], ..Seed::default() }.sow(&storage).await;
    let principal = storage.token_principal(hash(1)).await.expect("read").expect("the token");
    assert_eq!((principal.token, principal.user, principal.settings), (token.clone(), ann.clone(), Settings::initial()));
    let mut tx = begin(&storage).await;
    tx.access_token_touch(token.id, at(50)).await.expect("touch");
    tx.user_update(&User { version: 2, ..ann.clone() }).await.expect("update");
    commit(tx).await;
    let principal = storage.token_principal(hash(1)).await.expect("read").expect("the token");
    assert_eq!((principal.token.last_used_at, principal.user.version), (Some(at(50)), 2), "as they stand now");
    assert_eq!(storage.token_principal(hash(9)).await.expect("read"), None);
    let mut tokens = storage
        .access_tokens_by_id(&[access_token(2, ann.id).id, AccessTokenId(uuid(9)), token.id, token.id], &TokenScope::everything())
        .await
        .expect("by ID");
    tokens.sort_by_key(|t| t.id);
    assert_eq!(tokens, [AccessToken { last_used_at: Some(at(50)), ..token }, access_token(2, ann.id)], "by ID, each once");
}

/// Revoked once, at the first time given; of all, those that worked are counted.
pub async fn access_tokens_are_revoked_once(storage: Arc<dyn Storage>) {
    let (ann, bob) = (user_id(1), user_id(2));
    let tokens = vec![
        access_token(1, ann),
        access_token(2, ann),
        AccessToken { expires_at: at(5), ..access_token(3, ann) },
        access_token(4, ann),
        access_token(5, bob),
    ];
    let ids: Vec<AccessTokenId> = tokens.iter().map(|t| t.id).collect();
    Seed { users: vec![user(1, "Ann"), user(2, "Bob")], access_tokens: tokens, ..Seed::default() }.sow(&storage).await;
    let mut tx = begin(&storage).await;
    assert_eq!(tx.access_tokens_revoke(&[ids[3], AccessTokenId(uuid(9))], at(2)).await.expect("revoke"), 1);
    assert_eq!(tx.access_tokens_revoke(&[ids[3]], at(3)).await.expect("revoke"), 0, "revoked once");
    assert_eq!(tx.access_tokens_revoke_of(ann, at(5)).await.expect("revoke"), 2, "how many of them still worked");
    commit(tx).await;
    let mut read = storage.access_tokens_by_id(&ids, &TokenScope::everything()).await.expect("read");
    read.sort_by_key(|t| t.id);
    let revoked: Vec<_> = read.iter().map(|t| t.revoked_at).collect();
    assert_eq!(revoked, [Some(at(5)), Some(at(5)), Some(at(5)), Some(at(2)), None], "all that were not revoked before");
}

/// Sessions: neither ended nor expired, of the present epoch. Tokens: neither revoked nor expired. One entry for each person.
pub async fn live_credentials_are_counted(storage: Arc<dyn Storage>) {
    let (ann, bob) = (User { epoch: 2, ..user(1, "Ann") }, dismissed(2, "Bob", at(0)));
    let seed = Seed {
        users: vec![ann.clone(), bob.clone(), user(3, "Cleo")],
        sessions: vec![
            session(1, &ann),
            Session { expires_at: at(11), ..session(2, &ann) },
            Session { expires_at: at(10), ..session(3, &ann) },
            Session { epoch: 1, ..session(4, &ann) },
            Session { ended_at: Some(at(3)), ..session(5, &ann) },
            session(6, &bob),
        ],
        access_tokens: vec![
            access_token(1, ann.id),
            AccessToken { expires_at: at(10), ..access_token(2, ann.id) },
            AccessToken { revoked_at: Some(at(3)), ..access_token(3, ann.id) },
        ],
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let counts = storage.live_credentials(&[user_id(3), ann.id, bob.id, user_id(9), ann.id], at(10)).await.expect("counts");
    let (none, of_ann) = (EndedCredentials::default(), EndedCredentials { sessions: 2, tokens: 1 });
    assert_eq!(counts, [none, of_ann, EndedCredentials { sessions: 1, tokens: 0 }, none, of_ann]);
}

/// Promise 4: latest first.
pub async fn hidden_access_tokens_take_no_place_on_a_page(storage: Arc<dyn Storage>) {
    // A token never changes owner: six pairs of people, one pair for each pattern.
    let created = [3, 1, 3, 2, 3, 1, 5];
    for (round, (what, pattern)) in (0u8..).zip(hidden_patterns(created.len())) {
        let (viewer, other) = (user_id(u64::from(round) * 2 + 1), user_id(u64::from(round) * 2 + 2));
        let mut tokens: Vec<AccessToken> = (1..)
            .zip(created)
            .map(|(n, created)| AccessToken { created_at: at(created), ..access_token(round * 10 + n, viewer) })
            .collect();
        tokens.sort_by_key(|t| (t.created_at, t.id));
        for (token, hidden) in tokens.iter_mut().zip(&pattern) {
            token.owner = if *hidden { other } else { viewer };
        }
        let users = [viewer, other].map(|id| user(number(id.0), "Ann Lee")).to_vec();
        Seed { users, access_tokens: tokens.clone(), ..Seed::default() }.sow(&storage).await;
        let scope = for_suite::own_tokens(viewer);
        let listed =
            |t: &AccessToken| Listed { key: Key::new(SortValue::Time(t.created_at), t.id.0), id: t.id.0, shown: t.owner == viewer };
        assert_cut(what, tokens.iter().map(listed).collect(), Direction::Descending, |request| {
            let storage = &storage;
            async move {
                let slice = storage.access_tokens_page(&scope, &request).await.expect("page");
                (slice.rows.iter().map(|t| t.id.0).collect(), slice.has_more)
            }
        })
        .await;
        let shown = tokens.iter().filter(|t| t.owner == viewer).count();
        assert_eq!(storage.access_tokens_count(&scope).await.expect("count"), shown as u64, "{what}: the count");
        let ids: Vec<AccessTokenId> = tokens.iter().map(|t| t.id).collect();
        assert_eq!(storage.access_tokens_by_id(&ids, &scope).await.expect("by ID").len(), shown, "{what}: by ID");
    }
    assert_eq!(storage.access_tokens_count(&TokenScope::everything()).await.expect("count"), 6 * 7);
    let all = storage.access_tokens_page(&TokenScope::everything(), &PageRequest::last(50)).await.expect("page");
    assert_eq!((all.rows.len(), all.has_more), (6 * 7, false));
}

/// With the role LOGIN, of any status, with the password if there is one.
pub async fn a_login_is_found_by_the_key_of_its_address(storage: Arc<dyn Storage>) {
    let seed = Seed {
        users: vec![user(1, "Ann"), dismissed(2, "Bob", at(0))],
        addresses: vec![
            held(user_id(1), "Ann@example.com", &[EmailRole::Login, EmailRole::Contact]),
            held(user_id(1), "other@example.com", &[EmailRole::Contact, EmailRole::PendingLogin]),
            held(user_id(2), "bob@example.com", &[EmailRole::Login]),
        ],
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let mut tx = begin(&storage).await;
    tx.password_set(user_id(1), Some(&password("old"))).await.expect("set");
    tx.password_set(user_id(1), Some(&password("new"))).await.expect("set again");
    commit(tx).await;
    let login = storage.login_by_key("ann@example.com").await.expect("read").expect("a login");
    assert_eq!((login.user.id, login.password), (user_id(1), Some(password("new"))));
    assert_eq!(login.user.login_email, Some(email("Ann@example.com")));
    let login = storage.login_by_key("bob@example.com").await.expect("read").expect("of any status");
    assert_eq!((login.user.id, login.password), (user_id(2), None));
    for key in ["other@example.com", "Ann@example.com", "nobody@example.com", ""] {
        assert_eq!(storage.login_by_key(key).await.expect("read").map(|l| l.user.id), None, "{key:?} is the key of no login");
    }
    assert_eq!(storage.password_by_user(user_id(1)).await.expect("read"), Some(password("new")));
    let mut tx = begin(&storage).await;
    tx.password_set(user_id(1), None).await.expect("remove");
    tx.password_set(user_id(2), None).await.expect("removing none is nothing");
    commit(tx).await;
    assert_eq!(storage.password_by_user(user_id(1)).await.expect("read"), None);
}

/// Rule S2: one for each person, found by its token, by who is invited and by who invites.
pub async fn invitations_are_replaced_and_found(storage: Arc<dyn Storage>) {
    let ann = user_id(1);
    let by_token = Actor::Token { owner: ann, token: AccessTokenId(uuid(5)), name: "Sync".into() };
    let users = vec![user(1, "Ann"), user(2, "Bob"), invited(3, "C"), invited(4, "D"), invited(5, "E")];
    let invitations = vec![
        invitation(1, user_id(5), Actor::User(ann)),
        invitation(2, user_id(3), by_token),
        invitation(3, user_id(4), Actor::User(user_id(2))),
    ];
    Seed { users, invitations: invitations.clone(), ..Seed::default() }.sow(&storage).await;
    let sent = storage.invitations_by_inviter(ann).await.expect("read");
    assert_eq!(sent, [invitations[1].clone(), invitations[0].clone()], "by themself and with a token, ascending by who is invited");
    let mut of = storage.invitations_by_user(&[5, 4, 1, 5].map(user_id)).await.expect("read");
    of.sort_by_key(|i| i.user);
    assert_eq!(of, [invitations[2].clone(), invitations[0].clone()], "by who is invited, each once");
    assert_eq!(storage.invitation_by_hash(hash(2)).await.expect("read"), Some(invitations[1].clone()));
    assert_eq!(storage.hashes_of_links(&[hash(99), hash(2)]).await.expect("read"), [hash(2)], "invitations are links, too");

    let again = Invitation { email: email("new@example.com"), sent_at: at(9), ..invitation(4, user_id(5), Actor::User(user_id(2))) };
    let mut tx = begin(&storage).await;
    tx.invitation_put(&again).await.expect("put");
    tx.invitation_remove(user_id(3)).await.expect("remove");
    tx.invitation_remove(user_id(1)).await.expect("removing none is nothing");
    commit(tx).await;
    assert_eq!(storage.invitation_by_hash(hash(1)).await.expect("read"), None, "the former link is dead");
    assert_eq!(storage.invitation_by_hash(hash(4)).await.expect("read"), Some(again.clone()));
    assert_eq!(storage.invitations_by_inviter(ann).await.expect("read"), [], "who sends it again is the inviter");
    assert_eq!(storage.invitations_by_inviter(user_id(2)).await.expect("read"), [invitations[2].clone(), again]);
}

/// Rules E6, E8: one for each person and purpose, found by its token, expired or not.
pub async fn links_are_replaced_found_and_removed(storage: Arc<dyn Storage>) {
    let (ann, bob) = (user_id(1), user_id(2));
    let (login, reset) = (LinkPurpose::LoginEmail, LinkPurpose::PasswordReset);
    let links = vec![link(1, ann, login), link(2, ann, reset), link(3, bob, login), link(4, bob, reset)];
    Seed { users: vec![user(1, "Ann"), user(2, "Bob")], links: links.clone(), ..Seed::default() }.sow(&storage).await;
    for (n, link) in (1..).zip(&links) {
        assert_eq!(storage.link_by_hash(hash(n)).await.expect("read").as_ref(), Some(link), "link {n}");
    }
    assert_eq!(storage.link_by_hash(hash(9)).await.expect("read"), None, "an unknown link");
    let mut known = storage.hashes_of_links(&[9, 4, 1, 4].map(hash)).await.expect("read");
    known.sort_by_key(|hash| hash.0);
    known.dedup();
    let mut expected = [1, 4].map(hash);
    expected.sort_by_key(|hash| hash.0);
    assert_eq!(known, expected, "those that stand");
    assert_eq!(storage.hashes_of_links(&[]).await.expect("read"), [], "of none");
    let mut of = storage.links_by_user(&[bob, user_id(9), bob]).await.expect("read");
    of.sort_by_key(|link| link.purpose);
    assert_eq!(of, [links[2].clone(), links[3].clone()], "the links of some people, each once");
    assert_eq!(storage.links_by_user(&[ann, bob]).await.expect("read").len(), 4, "the links of all");
    assert_eq!(storage.links_by_user(&[]).await.expect("read"), [], "the links of nobody");

    let again = PendingLink { email: email("Cher@bücher.example"), sent_at: at(9), expires_at: at(10), ..link(5, ann, login) };
    let mut tx = begin(&storage).await;
    tx.link_put(&again).await.expect("put");
    tx.links_remove(bob, &[login]).await.expect("remove");
    tx.links_remove(user_id(9), &LinkPurpose::PENDING).await.expect("removing none is nothing");
    tx.links_remove(ann, &[]).await.expect("removing nothing is nothing");
    commit(tx).await;
    let mut left = Vec::new();
    for n in 1..=5 {
        left.extend(storage.link_by_hash(hash(n)).await.expect("read"));
    }
    assert_eq!(left, [links[1].clone(), links[3].clone(), again], "a newer one replaces its kind, and only what is named is removed");

    let mut tx = begin(&storage).await;
    tx.links_remove(ann, &LinkPurpose::PENDING).await.expect("remove");
    commit(tx).await;
    assert_eq!(storage.link_by_hash(hash(2)).await.expect("read"), None);
    assert_eq!(storage.link_by_hash(hash(5)).await.expect("read"), None);
    assert_eq!(storage.link_by_hash(hash(4)).await.expect("read").as_ref(), Some(&links[3]), "other people's links stay");
}
