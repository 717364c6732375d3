//! Writing many rows with one statement: rows of an entity travel as one parameter, whatever their number.

use sea_orm::{ColumnTrait, ColumnType, EntityTrait, FromQueryResult, IdenStatic, Iterable, ModelTrait, PrimaryKeyToColumn};
use tenure_core::storage::Result;

use super::error::failure;
use super::sql::{Holds, Sql};
use super::{Sea, Source, Working};

/// Rows of one statement at most: more would run into the statement timeout.
const ROWS_AT_ONCE: usize = 10_000;

fn columns<E: EntityTrait>() -> Vec<(&'static str, Holds)> {
    let holds = |column: &E::Column| match column.def().get_column_type() {
        ColumnType::Uuid => Holds::Uuid,
        ColumnType::SmallInteger => Holds::SmallInt,
        ColumnType::Integer => Holds::Int,
        ColumnType::BigInteger => Holds::BigInt,
        ColumnType::Boolean => Holds::Bool,
        ColumnType::Binary(_) | ColumnType::VarBinary(_) | ColumnType::Blob => Holds::Bytes,
        _ => Holds::Text,
    };
    E::Column::iter().map(|column| (column.as_str(), holds(&column))).collect()
}

fn write_set<E: EntityTrait>(sql: &mut Sql, rows: &[E::Model])
where
    E::Model: ModelTrait<Entity = E>,
{
    sql.set("v", &columns::<E>(), rows.iter().map(|row| E::Column::iter().map(|column| row.get(column)).collect()));
}

impl Sea<Working> {
    /// Adds rows; `tail` is what follows in the statement, e.g. what happens on a conflict. Returns how many were written.
    pub(super) async fn insert<E: EntityTrait>(&self, rows: &[E::Model], tail: &str) -> Result<u64>
    where
        E::Model: ModelTrait<Entity = E>,
    {
        let mut written = 0;
        let names: Vec<&str> = columns::<E>().into_iter().map(|(name, _)| name).collect();
        let table = E::default();
        for rows in rows.chunks(ROWS_AT_ONCE) {
            let from = names.iter().map(|name| format!("v.{name}")).collect::<Vec<_>>().join(", ");
            let mut sql = self.sql(format!("INSERT INTO {} ({}) SELECT {from} FROM ", table.table_name(), names.join(", ")));
            write_set::<E>(&mut sql, rows);
            // WHERE keeps SQLite from taking ON CONFLICT for the condition of a join.
            sql.push(" WHERE TRUE ").push(tail);
            written += self.execute(sql).await?;
        }
        Ok(written)
    }

    /// Replaces rows, but for the columns `kept`. Returns how many there were.
    pub(super) async fn update<E: EntityTrait>(&self, rows: &[E::Model], kept: &[E::Column]) -> Result<u64>
    where
        E::Model: ModelTrait<Entity = E>,
    {
        let mut written = 0;
        let keys: Vec<&str> = E::PrimaryKey::iter().map(|key| key.into_column().as_str()).collect();
        let kept: Vec<&str> = kept.iter().map(IdenStatic::as_str).chain(keys.iter().copied()).collect();
        let entity = E::default();
        let table = entity.table_name();
        let changes: Vec<String> =
            columns::<E>().iter().filter(|(name, _)| !kept.contains(name)).map(|(name, _)| format!("{name} = v.{name}")).collect();
        let alike: Vec<String> = keys.iter().map(|name| format!("{table}.{name} = v.{name}")).collect();
        for rows in rows.chunks(ROWS_AT_ONCE) {
            let mut sql = self.sql(format!("UPDATE {table} SET {} FROM ", changes.join(", ")));
            write_set::<E>(&mut sql, rows);
            sql.push(" WHERE ").push(&alike.join(" AND "));
            written += self.execute(sql).await?;
        }
        Ok(written)
    }
}

impl<S: Source> Sea<S> {
    /// The beginning of a statement that reads whole rows of an entity, under the alias `m`.
    pub(super) fn select<E: EntityTrait>(&self) -> Sql {
        let names: Vec<String> = E::Column::iter().map(|column| format!("m.{}", column.as_str())).collect();
        self.sql(format!("SELECT {} FROM {} AS m", names.join(", "), E::default().table_name()))
    }

    /// Runs such a statement.
    pub(super) async fn models<E: EntityTrait>(&self, sql: Sql) -> Result<Vec<E::Model>> {
        let _turn = self.source.turn().await?;
        let rows = self.source.query_all(sql.statement()).await.map_err(|error| self.failure(error))?;
        rows.iter().map(|row| E::Model::from_query_result(row, "").map_err(failure)).collect()
    }
}
