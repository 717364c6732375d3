//! Authorisation as one picture: what every field of the schema, every way in and every mutation answers to everybody (§1, §5, V1–V8, R6, R11,
//! S4, S7, I9, I11, H11, H12). Read off the schema itself: what is new is in it, or fails the test until somebody has decided.
//!
//! The picture is three golden files, the same for both databases: `objects`, `queries`, `mutations`. After a change on purpose:
//! `TENURE_TEST_BLESS=1 scripts/test authorisation`, and review the difference against DOMAIN.
//!
//! How to read it: `value` the field says what is there; `name` a byline with a name and nobody behind it; `null`; `empty`; a number, how
//! many there are; `hidden` as if it did not exist; a code, the error at the field, or what a mutation refuses with; `401` no answer at all.

mod mutations;
mod objects;
mod picture;
mod queries;
mod scene;

use self::objects::Types;
use self::picture::Section;
use self::scene::Scene;
use crate::support::backend::Backend;
use crate::support::on_both;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/authorisation");

/// Holds what was drawn against what was reviewed.
fn compare(db: Backend, name: &str, sections: &[Section]) {
    let mut drawn = String::new();
    sections.iter().for_each(|section| section.write(&mut drawn));
    let path = format!("{FOLDER}/{name}.golden.txt");
    if std::env::var_os("TENURE_TEST_BLESS").is_some() && db == Backend::Sqlite {
        std::fs::write(&path, &drawn).expect("the golden file");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let mut title = "";
    for (found, reviewed) in drawn.lines().zip(golden.lines()) {
        title = if found.starts_with("==") { found } else { title };
        assert_eq!(found, reviewed, "tests/it/authorisation/{name}.golden.txt is out of date at {title}");
    }
    assert_eq!(drawn.lines().count(), golden.lines().count(), "tests/it/authorisation/{name}.golden.txt is out of date");
}

on_both! {
    /// V2, V3, V4, V6, V7, R6, S4, S7, H12, L3, I9.
    async fn every_field_tells_everybody_what_it_may(db: Backend) {
        let scene = Scene::set(db).await;
        let types = Types::of(&scene.ann).await;
        compare(db, "objects", &objects::sections(&scene, &types).await);
    }

    /// V3, V7, V8, I11, H6.
    async fn every_way_in_lets_in_whom_it_may(db: Backend) {
        let scene = Scene::set(db).await;
        let types = Types::of(&scene.ann).await;
        compare(db, "queries", &queries::sections(&scene, &types).await);
    }

    /// R11, S4, S7, H9, H11, V1, V6.
    async fn every_mutation_is_open_to_whom_it_may_be(db: Backend) {
        let scene = Scene::set(db).await;
        let types = Types::of(&scene.ann).await;
        compare(db, "mutations", &mutations::sections(&scene, &types).await);
    }
}
