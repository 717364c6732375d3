//! Relay connections, once for all: arguments, pages, neighbours, counts.

use async_graphql::SimpleObject;
use tenure_core::page::{Bound, PageRequest, Side};

use super::cursor::{Ordering, decode, encode};
use super::error::{Fault, Result};
use super::lists::{CountKey, List, PageKey};
use super::view::View;

/// Page size when none is given.
const DEFAULT_SIZE: u32 = 20;
/// Largest page.
const LARGEST_SIZE: i32 = 100;

/// The arguments that every connection takes, as given.
#[derive(Debug, Clone, Default)]
pub struct PageArguments {
    /// Page size from the start.
    pub first: Option<i32>,
    /// Only behind this cursor.
    pub after: Option<String>,
    /// Page size from the end.
    pub last: Option<i32>,
    /// Only before this cursor.
    pub before: Option<String>,
}

impl PageArguments {
    /// From the arguments in the order of the contract.
    pub fn new(first: Option<i32>, after: Option<String>, last: Option<i32>, before: Option<String>) -> PageArguments {
        PageArguments { first, after, last, before }
    }

    /// The part of the list that is asked for (rule V8). Never clamped.
    pub fn cut(&self, ordering: Ordering) -> Result<PageRequest> {
        let size = |argument: &str, given: i32| match u32::try_from(given) {
            Ok(size) if (1..=LARGEST_SIZE).contains(&given) => Ok(size),
            _ => Err(Fault::input(argument, format!("The page size must be from 1 to {LARGEST_SIZE}, not {given}."))),
        };
        let (limit, side) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(Fault::input("last", "Only one of `first` and `last` may be given.")),
            (Some(first), None) => (size("first", first)?, Side::Start),
            (None, Some(last)) => (size("last", last)?, Side::End),
            (None, None) => (DEFAULT_SIZE, Side::Start),
        };
        let bound = |argument: &str, cursor: &Option<String>| match cursor {
            None => Ok(None),
            Some(cursor) => match decode(ordering, cursor) {
                Some(key) => Ok(Some(Bound { key, inclusive: false })),
                None => Err(Fault::input(argument, "This is not a cursor of this list in this ordering.")),
            },
        };
        Ok(PageRequest { after: bound("after", &self.after)?, before: bound("before", &self.before)?, limit, side })
    }
}

/// Information about a page of a connection (Relay Cursor Connections).
#[derive(SimpleObject)]
pub struct PageInfo {
    /// Whether more edges exist after `endCursor`.
    has_next_page: bool,
    /// Whether more edges exist before `startCursor`.
    has_previous_page: bool,
    /// Cursor of the first edge; null for an empty page.
    start_cursor: Option<String>,
    /// Cursor of the last edge; null for an empty page.
    end_cursor: Option<String>,
}

/// A page that was asked for: nothing is read before a field needs it, and what several fields need is one key in one batch.
#[derive(Clone)]
pub struct Pages<L> {
    by: View,
    list: L,
    page: PageRequest,
}

impl<L: List> Pages<L> {
    /// A page of a list, for a viewer.
    pub fn new(by: &View, list: L, arguments: &PageArguments) -> Result<Pages<L>> {
        let page = arguments.cut(list.ordering())?;
        Ok(Pages { by: by.clone(), list, page })
    }

    /// Who looks.
    pub fn by(&self) -> &View {
        &self.by
    }

    /// The cursor of a row.
    pub fn cursor(&self, row: &L::Row) -> String {
        encode(self.list.ordering(), &self.list.key(row))
    }

    /// The rows.
    pub async fn rows(&self) -> Result<Vec<L::Row>> {
        Ok(self.slice(self.page.clone()).await?.rows.clone())
    }

    async fn slice(&self, page: PageRequest) -> Result<std::sync::Arc<tenure_core::page::Slice<L::Row>>> {
        self.by.get(PageKey { list: self.list.clone(), page }).await
    }

    /// How many rows there are, over all pages.
    pub async fn total(&self) -> Result<i32> {
        let count = self.by.get(CountKey(self.list.clone())).await?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    /// About the page; neighbours are looked for on the sides that are asked about. The surplus row answers for the side that the page was
    /// cut from. On the other side nothing lies between the bound given and the page, so whether the list goes on there is whether it has
    /// a row at the bound or beyond it: the same question for all siblings, and the right one for an empty page.
    pub async fn info(&self, wants_next: bool, wants_previous: bool) -> Result<PageInfo> {
        let slice = self.slice(self.page.clone()).await?;
        let surplus = |side: Side| self.page.side == side && slice.has_more;
        let next = match &self.page.before {
            _ if surplus(Side::Start) => true,
            Some(bound) if wants_next => self.exists(Side::Start, bound).await?,
            Some(_) | None => false,
        };
        let previous = match &self.page.after {
            _ if surplus(Side::End) => true,
            Some(bound) if wants_previous => self.exists(Side::End, bound).await?,
            Some(_) | None => false,
        };
        Ok(PageInfo {
            has_next_page: next,
            has_previous_page: previous,
            start_cursor: slice.rows.first().map(|row| self.cursor(row)),
            end_cursor: slice.rows.last().map(|row| self.cursor(row)),
        })
    }

    /// Whether the list has a row at the bound or beyond: behind it for `Start`, before it for `End`.
    async fn exists(&self, side: Side, bound: &Bound) -> Result<bool> {
        let at = Some(Bound { key: bound.key.clone(), inclusive: true });
        let page = match side {
            Side::Start => PageRequest { after: at, before: None, limit: 1, side },
            Side::End => PageRequest { after: None, before: at, limit: 1, side },
        };
        Ok(!self.slice(page).await?.rows.is_empty())
    }
}

/// Makes the two types of a connection. `nodes` says how a row becomes an object: `|pages, row| …`.
macro_rules! connection {
    ($(#[$doc:meta])* $connection:ident, $(#[$edge_doc:meta])* $edge:ident: $list:ty => $node:ty, |$pages:ident, $row:ident| $make:expr) => {
        $(#[$doc])*
        pub struct $connection(pub $crate::graphql::connection::Pages<$list>);

        impl $connection {
            /// A page of a list, for a viewer.
            pub fn new(
                by: &$crate::graphql::view::View,
                list: $list,
                arguments: &$crate::graphql::connection::PageArguments,
            ) -> $crate::graphql::error::Result<Self> {
                Ok(Self($crate::graphql::connection::Pages::new(by, list, arguments)?))
            }
        }

        $(#[$doc])*
        #[async_graphql::Object]
        impl $connection {
            /// Edges with cursors.
            async fn edges(&self) -> $crate::graphql::error::Result<Vec<$edge>> {
                let rows = self.0.rows().await?;
                Ok(rows.into_iter().map(|$row| {
                    let $pages = &self.0;
                    $edge { cursor: $pages.cursor(&$row), node: $make }
                }).collect())
            }

            /// The nodes of `edges`, for clients that need no cursor.
            async fn nodes(&self) -> $crate::graphql::error::Result<Vec<$node>> {
                let rows = self.0.rows().await?;
                let $pages = &self.0;
                Ok(rows.into_iter().map(|$row| $make).collect())
            }

            /// Paging information.
            async fn page_info(&self, ctx: &async_graphql::Context<'_>) -> $crate::graphql::error::Result<$crate::graphql::connection::PageInfo> {
                let selected = ctx.look_ahead();
                self.0.info(selected.field("hasNextPage").exists(), selected.field("hasPreviousPage").exists()).await
            }

            /// Number of matches that the viewer may see, over all pages. Computed only when selected.
            async fn total_count(&self) -> $crate::graphql::error::Result<i32> {
                self.0.total().await
            }
        }

        $(#[$edge_doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $edge {
            /// Opaque cursor.
            cursor: String,
            /// The item.
            node: $node,
        }
    };
}
pub(crate) use connection;

#[cfg(test)]
mod tests {
    use tenure_core::page::{Key, SortValue};
    use tenure_core::time::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::graphql::cursor::{ListName, SortKind};

    const ORDERING: Ordering = Ordering { list: ListName::Users, order: 3, sort: SortKind::Time };

    fn argument_at_fault(arguments: PageArguments) -> String {
        match arguments.cut(ORDERING) {
            Err(Fault::BadInput { argument, .. }) => argument,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sizes_are_checked_and_never_clamped() {
        assert_eq!(PageArguments::default().cut(ORDERING), Ok(PageRequest::first(20)));
        assert_eq!(PageArguments { first: Some(1), ..Default::default() }.cut(ORDERING), Ok(PageRequest::first(1)));
        assert_eq!(PageArguments { last: Some(100), ..Default::default() }.cut(ORDERING), Ok(PageRequest::last(100)));
        for bad in [0, 101, -1, i32::MIN, i32::MAX] {
            assert_eq!(argument_at_fault(PageArguments { first: Some(bad), ..Default::default() }), "first");
            assert_eq!(argument_at_fault(PageArguments { last: Some(bad), ..Default::default() }), "last");
        }
        assert_eq!(argument_at_fault(PageArguments { first: Some(1), last: Some(1), ..Default::default() }), "last");
    }

    #[test]
    fn v8_cursors_of_other_lists_are_bad_input() {
        let key = Key::new(SortValue::Time(Timestamp(9)), Uuid::from_u128(3));
        let own = Some(encode(ORDERING, &key));
        let other = Some(encode(Ordering { list: ListName::Departments, ..ORDERING }, &key));
        let cut = PageArguments { after: own.clone(), before: own, ..Default::default() }.cut(ORDERING);
        assert_eq!(cut, Ok(PageRequest::first(20).after(key.clone()).before(key)));
        assert_eq!(argument_at_fault(PageArguments { after: other.clone(), ..Default::default() }), "after");
        assert_eq!(argument_at_fault(PageArguments { before: other, ..Default::default() }), "before");
    }
}
