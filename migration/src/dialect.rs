//! The few words in which the two databases differ.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// Runs statements in which `{uuid}`, `{bytes}`, `{key}` (text that is compared and ordered as bytes) and `{narrow}` (a table that is
/// its primary key and little more) stand for what the database calls them.
pub(crate) async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let backend = manager.get_database_backend();
    for statement in statements {
        // A place where a test can make the process die; nothing in what is built for people.
        fail::fail_point!("migration-statement", |_| std::process::abort());
        manager.get_connection().execute_unprepared(&translate(backend, statement)?).await?;
    }
    Ok(())
}

fn translate(backend: DbBackend, statement: &str) -> Result<String, DbErr> {
    let words: [(&str, &str); 4] = match backend {
        DbBackend::Postgres => [("{uuid}", "uuid"), ("{bytes}", "bytea"), ("{key}", "text COLLATE \"C\""), ("{narrow}", "")],
        DbBackend::Sqlite => [("{uuid}", "blob"), ("{bytes}", "blob"), ("{key}", "text"), ("{narrow}", "WITHOUT ROWID")],
        other => return Err(DbErr::Migration(format!("no schema for {other:?}"))),
    };
    Ok(words.iter().fold(statement.to_owned(), |text, (word, meaning)| text.replace(word, meaning)))
}

/// A UUID as a literal.
pub(crate) fn uuid_literal(backend: DbBackend, uuid: &str) -> String {
    match backend {
        DbBackend::Postgres => format!("'{uuid}'"),
        _ => format!("x'{}'", uuid.replace('-', "")),
    }
}
