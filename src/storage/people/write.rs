//! Writing people, their addresses, and the settings.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sea_orm::DbBackend;
use tenure_core::email::{EmailRole, HeldAddress};
use tenure_core::id::UserId;
use tenure_core::settings::Settings;
use tenure_core::storage::{LockMode, PeopleRead, PeopleWrite, Result, StorageError, Unique};
use tenure_core::text;
use tenure_core::time::Timestamp;
use tenure_core::user::User;
use tenure_entity::{address, app_user, former_person, settings, user_word};

use super::row;
use super::row::SETTINGS_COLUMNS;
use crate::storage::error::corrupt;
use crate::storage::{Sea, Working};

impl Sea<Working> {
    /// Replaces the words of names and titles.
    async fn name_words_replace(&self, users: &[User]) -> Result<()> {
        let mut sql = self.sql("DELETE FROM user_word WHERE source = '' AND ");
        sql.among("user_id", users.iter().map(|user| user.id.0));
        self.execute(sql).await?;
        let words: Vec<user_word::Model> = users.iter().flat_map(row::name_words).collect();
        self.insert::<user_word::Entity>(&words, "").await.map(drop)
    }

    /// Removes the words of addresses.
    async fn address_words_remove(&self, keys: &[String]) -> Result<()> {
        // With the holders: that is where the primary key of the words begins. As pairs: two lists would be tried each with each.
        let mut sql = self.sql("DELETE FROM user_word WHERE (user_id, source) IN (SELECT a.user_id, a.key FROM address a WHERE ");
        sql.among_texts("a.key", keys).push(")");
        self.execute(sql).await.map(drop)
    }
}

#[async_trait]
impl PeopleWrite for Sea<Working> {
    async fn settings_lock(&mut self) -> Result<Settings> {
        let mut sql = self.sql(format!("SELECT {SETTINGS_COLUMNS} FROM settings s WHERE s.id = 1"));
        sql.lock("UPDATE");
        self.row(sql, row::settings).await?.ok_or_else(|| corrupt("the settings are missing"))
    }

    async fn settings_update(&mut self, settings: &Settings) -> Result<()> {
        self.update::<settings::Entity>(&[row::settings_model(settings)], &[]).await.map(drop)
    }

    async fn users_lock(&mut self, locks: &[(UserId, LockMode)]) -> Result<Vec<User>> {
        let mut modes = BTreeMap::new();
        for (id, mode) in locks {
            let held = modes.entry(*id).or_insert(*mode);
            *held = (*held).max(*mode);
        }
        let ordered: Vec<(UserId, LockMode)> = modes.into_iter().collect();
        if self.backend() == DbBackend::Postgres {
            // One statement for each run of the same mode: taken out of order, the locks of two units of work could wait in a circle.
            for run in ordered.chunk_by(|(_, a), (_, b)| a == b) {
                let Some((_, mode)) = run.first() else { continue };
                let mut sql = self.sql("SELECT 1 FROM app_user u WHERE ");
                sql.among("u.id", run.iter().map(|(id, _)| id.0)).push(" ORDER BY u.id").lock(match mode {
                    LockMode::Shared => "SHARE",
                    LockMode::Exclusive => "UPDATE",
                });
                self.execute(sql).await?;
            }
        }
        // Read behind the locks, by a statement of its own: addresses are in another table and would be those from before the waiting.
        let ids: Vec<UserId> = ordered.into_iter().map(|(id, _)| id).collect();
        let mut users = self.users_by_id(&ids).await?;
        users.sort_by_key(|user| user.id);
        Ok(users)
    }

    async fn users_insert(&mut self, users: &[User]) -> Result<()> {
        let models: Vec<app_user::Model> = users.iter().map(row::user_model).collect();
        self.insert::<app_user::Entity>(&models, "").await?;
        let words: Vec<user_word::Model> = users.iter().flat_map(row::name_words).collect();
        self.insert::<user_word::Entity>(&words, "").await.map(drop)
    }

    async fn user_update(&mut self, user: &User) -> Result<()> {
        if self.update::<app_user::Entity>(&[row::user_model(user)], &[]).await? == 0 {
            return Err(StorageError::Conflict);
        }
        self.name_words_replace(std::slice::from_ref(user)).await
    }

    async fn user_delete(&mut self, id: UserId) -> Result<()> {
        let Some(user) = self.users_by_id(&[id]).await?.pop() else { return Ok(()) };
        // The name is put together in one place, in Rust.
        let former = former_person::Model { id: id.0, display_name: user.display_name() };
        self.insert::<former_person::Entity>(&[former], "ON CONFLICT (id) DO UPDATE SET display_name = excluded.display_name").await?;
        // The rest goes with the row: its tables refer to it with ON DELETE CASCADE.
        for text in [
            "UPDATE app_user SET manager_id = NULL WHERE manager_id = ",
            "UPDATE department SET head_id = NULL WHERE head_id = ",
            "DELETE FROM task_participant WHERE user_id = ",
            "DELETE FROM app_user WHERE id = ",
        ] {
            let mut sql = self.sql(text);
            sql.bind(id.0);
            self.execute(sql).await?;
        }
        Ok(())
    }

    async fn users_move_reports(&mut self, from: UserId, to: Option<UserId>, at: Timestamp) -> Result<Vec<UserId>> {
        let mut sql = self.sql("UPDATE app_user SET manager_id = ");
        sql.bind(to.map(|id| id.0)).push(", version = version + 1, updated_at = ").bind(at.0);
        sql.push(" WHERE status IN (1, 2) AND manager_id = ").bind(from.0);
        if let Some(to) = to {
            sql.push(" AND id <> ").bind(to.0);
        }
        sql.push(" RETURNING id");
        let mut moved = self.rows(sql, |row| row.uuid().map(UserId)).await?;
        moved.sort();
        Ok(moved)
    }

    async fn addresses_put(&mut self, addresses: &[HeldAddress]) -> Result<()> {
        if addresses.is_empty() {
            return Ok(());
        }
        let mut last: BTreeMap<&str, &HeldAddress> = BTreeMap::new();
        for held in addresses {
            if last.insert(held.email.key(), held).is_some_and(|former| former.holder != held.holder) {
                return Err(StorageError::Taken(Unique::Address));
            }
        }
        let models: Vec<address::Model> = last
            .values()
            .map(|held| address::Model {
                key: held.email.key().to_owned(),
                address: held.email.address().to_owned(),
                user_id: held.holder.0,
                roles: held.roles.bits(),
            })
            .collect();
        // A row of somebody else is left alone, and is missing in the count: the key decides, not a look beforehand.
        let tail =
            "ON CONFLICT (key) DO UPDATE SET address = excluded.address, roles = excluded.roles WHERE address.user_id = excluded.user_id";
        if self.insert::<address::Entity>(&models, tail).await? < models.len() as u64 {
            return Err(StorageError::Taken(Unique::Address));
        }
        let keys: Vec<String> = last.keys().map(|key| (*key).to_owned()).collect();
        self.address_words_remove(&keys).await?;
        let shown = last.values().filter(|held| held.roles.has(EmailRole::Contact));
        let words: Vec<user_word::Model> = shown
            .flat_map(|held| {
                let words = text::words(held.email.address()).into_iter();
                words.map(|word| user_word::Model { user_id: held.holder.0, source: held.email.key().to_owned(), word })
            })
            .collect();
        self.insert::<user_word::Entity>(&words, "").await.map(drop)
    }

    async fn addresses_remove(&mut self, keys: &[String]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        self.address_words_remove(keys).await?;
        let mut sql = self.sql("DELETE FROM address WHERE ");
        sql.among_texts("key", keys);
        self.execute(sql).await.map(drop)
    }
}
