//! How a list must be cut, worked out from its keys alone, and held against a storage.

use std::cmp::Ordering;
use std::future::Future;

use uuid::Uuid;

use crate::page::{Bound, Key, PageRequest, Side};

/// A row as the list should have it.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    /// Its key.
    pub key: Key,
    /// What the storage answers for it.
    pub id: Uuid,
    /// Whether it lies in the scope. The keys of hidden rows are bounds like any other.
    pub shown: bool,
}

/// The direction of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

impl Direction {
    pub(super) const BOTH: [Direction; 2] = [Direction::Ascending, Direction::Descending];

    pub(super) fn is_descending(self) -> bool {
        self == Direction::Descending
    }

    fn compare(self, a: &Key, b: &Key) -> Ordering {
        match self {
            Direction::Ascending => a.cmp(b),
            Direction::Descending => b.cmp(a),
        }
    }
}

/// Which of so many rows are hidden, one entry for each pattern: none, the first two, some in the middle, the last two, every other
/// one, all. Positions are those of the rows as they were given, which callers give in the order of the list.
pub(super) fn hidden_patterns(rows: usize) -> Vec<(&'static str, Vec<bool>)> {
    let pattern = |hides: &dyn Fn(usize) -> bool| (0..rows).map(hides).collect();
    vec![
        ("none is hidden", pattern(&|_| false)),
        ("the first two are hidden", pattern(&|i| i < 2)),
        ("some in the middle are hidden", pattern(&|i| i > 1 && i + 3 < rows)),
        ("the last two are hidden", pattern(&|i| i + 2 >= rows)),
        ("every other one is hidden", pattern(&|i| i % 2 == 0)),
        ("all are hidden", pattern(&|_| true)),
    ]
}

/// What a page must hold.
fn expected(rows: &[Listed], direction: Direction, page: &PageRequest) -> (Vec<Uuid>, bool) {
    let within = |row: &&Listed| {
        let behind = page.after.as_ref().is_none_or(|bound| match direction.compare(&row.key, &bound.key) {
            Ordering::Greater => true,
            Ordering::Equal => bound.inclusive,
            Ordering::Less => false,
        });
        let ahead = page.before.as_ref().is_none_or(|bound| match direction.compare(&row.key, &bound.key) {
            Ordering::Less => true,
            Ordering::Equal => bound.inclusive,
            Ordering::Greater => false,
        });
        row.shown && behind && ahead
    };
    let ids: Vec<Uuid> = rows.iter().filter(within).map(|row| row.id).collect();
    let limit = page.limit as usize;
    let has_more = ids.len() > limit;
    let ids = match page.side {
        Side::Start => ids.into_iter().take(limit).collect(),
        Side::End => ids[ids.len().saturating_sub(limit)..].to_vec(),
    };
    (ids, has_more)
}

/// Asks for many pages of a list and holds them against what they must be: whole walks in both directions with pages of every size, and
/// single pages behind, before and between the keys of all rows, hidden ones too.
pub(super) async fn assert_cut<F, R>(what: &str, mut rows: Vec<Listed>, direction: Direction, fetch: F)
where
    F: Fn(PageRequest) -> R,
    R: Future<Output = (Vec<Uuid>, bool)>,
{
    rows.sort_by(|a, b| direction.compare(&a.key, &b.key));
    let shown: Vec<&Listed> = rows.iter().filter(|r| r.shown).collect();
    let all = rows.len() as u32;
    for limit in [1, 2, 3, all, all + 1] {
        for side in [Side::Start, Side::End] {
            let mut page = PageRequest { after: None, before: None, limit, side };
            for walked in (0..).map(|pages| pages * limit as usize) {
                let (ids, has_more) = fetch(page.clone()).await;
                assert_eq!((&ids, has_more), (&expected(&rows, direction, &page).0, shown.len() > walked + ids.len()), "{what}: {page:?}");
                let end = match side {
                    Side::Start => ids.last(),
                    Side::End => ids.first(),
                };
                let Some(end) = end.filter(|_| has_more).and_then(|id| rows.iter().find(|r| r.id == *id)) else { break };
                page = match side {
                    Side::Start => page.after(end.key.clone()),
                    Side::End => page.before(end.key.clone()),
                };
            }
        }
    }
    for page in single_pages(&rows) {
        assert_eq!(fetch(page.clone()).await, expected(&rows, direction, &page), "{what}: {page:?}");
    }
}

fn single_pages(rows: &[Listed]) -> Vec<PageRequest> {
    let mut pages = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        for inclusive in [false, true] {
            let bound = Some(Bound { key: row.key.clone(), inclusive });
            let other = rows.get(position + 3).map(|r| Bound { key: r.key.clone(), inclusive });
            for side in [Side::Start, Side::End] {
                for limit in [2, rows.len() as u32] {
                    pages.push(PageRequest { after: bound.clone(), before: None, limit, side });
                    pages.push(PageRequest { after: None, before: bound.clone(), limit, side });
                }
                // Two in between, so that 1 leaves a surplus and 2 does not.
                for limit in [1, 2] {
                    pages.push(PageRequest { after: bound.clone(), before: other.clone(), limit, side });
                }
            }
        }
    }
    pages
}
