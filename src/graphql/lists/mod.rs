//! Lists that pages are cut from. A list is a value that says which one it is; equal questions about several lists are asked at once.

mod events;
mod people;
mod records;
mod structure;
mod trails;
mod work;

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use futures_util::future::try_join_all;
use tenure_core::page::{Key, PageRequest, Slice};

use super::cursor::Ordering;
use super::error::{Fault, Result};
use super::loaders::Reader;

pub use events::EventList;
pub use people::UserList;
pub use records::{LAST_CHANGED_FIRST, RecordList, RecordsOf};
pub use structure::{DepartmentList, MembershipList, WorkgroupList};
pub use trails::{ChangeList, ReassignmentList, TokenList};
pub use work::{ConversationList, FeedList, MeetingList, MessageList};

/// A list of the API, e.g. "the tasks of this person".
pub trait List: Clone + Eq + Hash + Send + Sync + 'static {
    /// Its rows, cheap to clone.
    type Row: Clone + Send + Sync + 'static;

    /// What can be asked about several such lists at once: everything but whose list it is.
    type Question: Eq + Hash + Send;

    /// What its cursors name.
    fn ordering(&self) -> Ordering;

    /// The key of a row in its ordering.
    fn key(&self, row: &Self::Row) -> Key;

    /// What it has in common with others.
    fn question(&self) -> Self::Question;

    /// The same page of each of these lists, which share a question; at least one.
    fn pages(reader: &Reader, lists: &[&Self], page: &PageRequest) -> impl Future<Output = Result<Vec<Slice<Self::Row>>>> + Send;

    /// The length of each of these lists, which share a question; at least one.
    fn counts(reader: &Reader, lists: &[&Self]) -> impl Future<Output = Result<Vec<u64>>> + Send;
}

/// Asks for a page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageKey<L> {
    /// Which list.
    pub list: L,
    /// Which part.
    pub page: PageRequest,
}

/// Asks for the length of a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CountKey<L>(pub L);

/// Puts together what one call answers.
fn by_question<'k, K, Q: Eq + Hash>(keys: &'k [K], question: impl Fn(&'k K) -> Q) -> Vec<Vec<&'k K>> {
    let mut places: HashMap<Q, usize> = HashMap::new();
    let mut groups: Vec<Vec<&K>> = Vec::new();
    for key in keys {
        let place = *places.entry(question(key)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(key),
            None => groups.push(vec![key]),
        }
    }
    groups
}

impl<L: List> Loader<PageKey<L>> for Reader {
    type Value = Arc<Slice<L::Row>>;
    type Error = Fault;

    async fn load(&self, keys: &[PageKey<L>]) -> Result<HashMap<PageKey<L>, Self::Value>> {
        let groups = by_question(keys, |key| (key.list.question(), &key.page));
        let answers = try_join_all(groups.iter().map(|group| async move {
            let lists: Vec<&L> = group.iter().map(|key| &key.list).collect();
            L::pages(self, &lists, &group[0].page).await
        }))
        .await?;
        Ok(pair(groups, answers).map(|(key, slice)| (key, Arc::new(slice))).collect())
    }
}

impl<L: List> Loader<CountKey<L>> for Reader {
    type Value = u64;
    type Error = Fault;

    async fn load(&self, keys: &[CountKey<L>]) -> Result<HashMap<CountKey<L>, u64>> {
        let groups = by_question(keys, |key| key.0.question());
        let answers = try_join_all(groups.iter().map(|group| async move {
            let lists: Vec<&L> = group.iter().map(|key| &key.0).collect();
            L::counts(self, &lists).await
        }))
        .await?;
        Ok(pair(groups, answers).collect())
    }
}

/// Each key with its answer; answers come in the order of the keys of their group.
fn pair<K: Clone, V>(groups: Vec<Vec<&K>>, answers: Vec<Vec<V>>) -> impl Iterator<Item = (K, V)> {
    groups.into_iter().zip(answers).flat_map(|(group, answer)| group.into_iter().cloned().zip(answer))
}

/// The rows of a slice, each turned into something else.
fn map_rows<A, B>(slice: Slice<A>, f: impl FnMut(A) -> B) -> Slice<B> {
    Slice { rows: slice.rows.into_iter().map(f).collect(), has_more: slice.has_more }
}
