//! Cutting a page out of a list.

use crate::page::{Key, PageRequest, Side, Slice};

/// Puts rows in order and cuts a page.
pub(super) fn cut<T>(rows: impl IntoIterator<Item = (Key, T)>, descending: bool, page: &PageRequest) -> Slice<T> {
    let mut rows: Vec<(Key, T)> = rows.into_iter().collect();
    rows.sort_by(|(a, _), (b, _)| in_direction(a, b, descending));
    rows.retain(|(key, _)| {
        let behind = page.after.as_ref().is_none_or(|b| match in_direction(key, &b.key, descending) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => b.inclusive,
            std::cmp::Ordering::Greater => true,
        });
        let ahead = page.before.as_ref().is_none_or(|b| match in_direction(key, &b.key, descending) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Equal => b.inclusive,
            std::cmp::Ordering::Greater => false,
        });
        behind && ahead
    });
    let surplus = page.limit as usize + 1;
    let rows = rows.into_iter().map(|(_, row)| row);
    let rows = match page.side {
        Side::Start => rows.take(surplus).collect(),
        Side::End => rows.rev().take(surplus).collect(),
    };
    Slice::from_surplus(rows, page)
}

fn in_direction(a: &Key, b: &Key, descending: bool) -> std::cmp::Ordering {
    if descending { b.cmp(a) } else { a.cmp(b) }
}
