//! The words that free text is found by are folded in full from now on: `ß` is `ss`, and a final sigma is a sigma. Those that are stored are
//! written anew where they hold one of the two.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, UP).await
    }

    /// What the words were is not known any more; the former folding finds all others as before.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

const UP: &[&str] = &[
    // The word may be there already, from the other spelling.
    "INSERT INTO user_word (user_id, source, word)
        SELECT w.user_id, w.source, replace(replace(w.word, 'ß', 'ss'), 'ς', 'σ') FROM user_word w
        WHERE w.word LIKE '%ß%' OR w.word LIKE '%ς%' ON CONFLICT DO NOTHING",
    "DELETE FROM user_word WHERE word LIKE '%ß%' OR word LIKE '%ς%'",
    "INSERT INTO record_word (kind, id, word)
        SELECT w.kind, w.id, replace(replace(w.word, 'ß', 'ss'), 'ς', 'σ') FROM record_word w
        WHERE w.word LIKE '%ß%' OR w.word LIKE '%ς%' ON CONFLICT DO NOTHING",
    "DELETE FROM record_word WHERE word LIKE '%ß%' OR word LIKE '%ς%'",
];
