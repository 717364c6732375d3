//! What an operation could cost, told from its text and variables before it runs.
//!
//! An object that could be returned is 1 point, and so is each connection; a `totalCount` is 5; a mutation is 10, its payload included. All is
//! multiplied by the page sizes above it: `first` or `last` as given, 20 without either, never less than 1 nor more than 100. Other lists count
//! as many objects as identifiers were given (`nodes`, and what a mutation returns of the things it was given), else [`LIST_GUESS`]. An edge
//! and the object in it are one; `pageInfo` is free. Of fragments on different concrete types only the dearest counts, as one object has one
//! type; fields of the interface itself always count. What `@skip` and `@include` leave out is free, and so is introspection, which has limits
//! of its own (see `introspection`). Sums and products saturate.

mod introspection;
mod merging;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet};
use serde_json::{Map, Value as Json};

use super::catalogue::{Catalogue, TypeId, is_list};
use super::variables::{Argument, Values};

pub use introspection::Shown;
pub use merging::Clash;

/// Objects of a list whose length nothing tells.
pub const LIST_GUESS: u64 = 5;
/// Points of a mutation.
const MUTATION: u64 = 10;
/// Points of a `totalCount`.
const COUNT: u64 = 5;
/// The page size of the contract when none is given, and the greatest one.
const PAGE: u64 = 20;
const PAGE_MAX: u64 = 100;

/// What an object is in the eyes of the price list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Something of its own.
    Object,
    /// A page of a list.
    Connection,
    /// An entry of a page; it and the object in it count as one.
    Edge,
    /// About a page.
    PageInfo,
}

impl Role {
    fn of(name: &str) -> Role {
        match name {
            "PageInfo" => Role::PageInfo,
            name if name.ends_with("Connection") => Role::Connection,
            name if name.ends_with("Edge") => Role::Edge,
            _ => Role::Object,
        }
    }
}

/// Tells prices.
pub struct PriceList {
    catalogue: Arc<Catalogue>,
    /// For each type.
    roles: Vec<Role>,
}

/// What an operation could cost at most.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Price {
    /// In points.
    pub cost: u64,
    /// Objects that it could return.
    pub nodes: u64,
    /// How deep fields are nested.
    pub depth: usize,
    /// The way to what is dearest in it, as the answer names the fields.
    pub dearest: Vec<String>,
}

/// The price of a part, with the way to the dearest of its fields.
#[derive(Debug, Clone, Default)]
struct Part {
    cost: u64,
    nodes: u64,
    depth: usize,
    dearest: Option<(u64, Vec<String>)>,
}

impl Part {
    fn add(&mut self, other: Part) {
        self.cost = self.cost.saturating_add(other.cost);
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.depth = self.depth.max(other.depth);
        let (mine, others) = (self.dearest.as_ref().map_or(0, |(cost, _)| *cost), other.dearest.as_ref().map_or(0, |(cost, _)| *cost));
        if others > mine {
            self.dearest = other.dearest;
        }
    }
}

impl PriceList {
    /// For a schema.
    pub fn of(catalogue: &Arc<Catalogue>) -> PriceList {
        let roles = catalogue.types().iter().map(|kind| Role::of(&kind.name)).collect();
        PriceList { catalogue: Arc::clone(catalogue), roles }
    }

    /// Fields that would have to be one in the answer and cannot be.
    pub fn clash(&self, document: &ExecutableDocument) -> Option<Clash> {
        merging::clash(&self.catalogue, document)
    }

    /// The price of an operation. Documents that are not valid have one, too: what is unknown is free.
    pub fn price(&self, document: &ExecutableDocument, operation: &OperationDefinition, values: &Map<String, Json>) -> Price {
        let Some(root) = self.catalogue.root(operation.ty) else { return Price::default() };
        let values = Values::of(operation, values);
        let walk = Walk { catalogue: &self.catalogue, roles: &self.roles, document, values, fragments: RefCell::default() };
        let part = walk.set(&operation.selection_set.node, root, LIST_GUESS);
        let mut dearest = part.dearest.map(|(_, path)| path).unwrap_or_default();
        dearest.reverse();
        // Nothing is for nothing.
        Price { cost: part.cost.max(1), nodes: part.nodes, depth: part.depth, dearest }
    }
}

struct Walk<'a> {
    catalogue: &'a Catalogue,
    roles: &'a [Role],
    document: &'a ExecutableDocument,
    values: Values<'a>,
    /// What fragments were found to cost, by name and length of lists: each is looked at once, however often it is spread.
    fragments: RefCell<HashMap<(&'a str, u64), Part>>,
}

impl<'a> Walk<'a> {
    /// A set of selections on an object of that type; `length` is that of the lists in it which nothing else tells.
    fn set(&self, set: &'a SelectionSet, parent: TypeId, length: u64) -> Part {
        let mut sum = Part::default();
        let mut alternatives: BTreeMap<TypeId, Part> = BTreeMap::new();
        for selection in &set.items {
            let (directives, condition, inner, name) = match &selection.node {
                Selection::Field(field) => {
                    if !self.values.leave_out(&field.node.directives) {
                        sum.add(self.field(&field.node, parent, length));
                    }
                    continue;
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref().map(|c| c.node.on.node.as_str());
                    (&inline.node.directives, condition, &inline.node.selection_set.node, None)
                }
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) else { continue };
                    let condition = Some(fragment.node.type_condition.node.on.node.as_str());
                    let name = spread.node.fragment_name.node.as_str();
                    (&spread.node.directives, condition, &fragment.node.selection_set.node, Some(name))
                }
            };
            if self.values.leave_out(directives) {
                continue;
            }
            let Some(on) = condition.map_or(Some(parent), |name| self.catalogue.output_by_name(name)) else { continue };
            let known = name.and_then(|name| self.fragments.borrow().get(&(name, length)).cloned());
            let part = known.unwrap_or_else(|| self.set(inner, on, length));
            if let Some(name) = name {
                self.fragments.borrow_mut().insert((name, length), part.clone());
            }
            let (mine, theirs) = (self.possible(parent), self.possible(on));
            if mine.iter().all(|id| theirs.binary_search(id).is_ok()) {
                sum.add(part);
                continue;
            }
            for id in mine.iter().filter(|id| theirs.binary_search(id).is_ok()) {
                alternatives.entry(*id).or_default().add(part.clone());
            }
        }
        // Each object has one type: the dearest.
        let (nodes, depth) = alternatives.values().fold((0, 0), |(nodes, depth), part| (part.nodes.max(nodes), part.depth.max(depth)));
        if let Some(part) = alternatives.into_values().max_by_key(|part| part.cost) {
            sum.add(Part { nodes, depth, ..part });
        }
        sum
    }

    fn possible(&self, id: TypeId) -> &'a [TypeId] {
        self.catalogue.output(id).map(|output| output.possible.as_slice()).unwrap_or_default()
    }

    fn field(&self, field: &'a Field, parent: TypeId, length: u64) -> Part {
        let name = field.name.node.as_str();
        if matches!(name, "__schema" | "__type") {
            return Part::default();
        }
        let parent_role = self.roles[parent];
        let Some(known) = self.catalogue.field(parent, name).filter(|known| self.catalogue.output(known.of).is_some()) else {
            let cost = if name == "totalCount" && parent_role == Role::Connection { COUNT } else { 0 };
            return self.named(field, Part { cost, depth: 1, ..Part::default() });
        };
        let role = self.roles[known.of];
        let is_mutation = self.catalogue.is_root(OperationType::Mutation, parent);
        let inside = match role {
            Role::Connection => self.page(field),
            _ if is_mutation => self.longest(field).max(LIST_GUESS),
            // The page size comes down to `edges` and `nodes`, and no further.
            _ => LIST_GUESS,
        };
        let Part { cost, nodes, depth, dearest } = self.set(&field.selection_set.node, known.of, inside);
        let (own_cost, own_nodes) = match role {
            Role::PageInfo => (0, 0),
            Role::Connection => (1, 0),
            _ if is_mutation => (MUTATION, 0),
            _ if parent_role == Role::Edge => (0, 0),
            Role::Object | Role::Edge => (1, 1),
        };
        let times = match is_list(&known.kind) {
            false => 1,
            true if parent_role == Role::Connection => length,
            // One value stands for a list of one.
            true => self.argument(field, "ids").map_or(length, |ids| ids.length().unwrap_or(1).max(1) as u64),
        };
        let part = Part {
            cost: cost.saturating_add(own_cost).saturating_mul(times),
            nodes: nodes.saturating_add(own_nodes).saturating_mul(times),
            depth: depth.saturating_add(1),
            dearest: dearest.map(|(cost, path)| (cost.saturating_mul(times), path)),
        };
        self.named(field, part)
    }

    /// A part as what its field costs in all.
    fn named(&self, field: &Field, mut part: Part) -> Part {
        if part.cost > 0 {
            let mut path = part.dearest.take().map(|(_, path)| path).unwrap_or_default();
            path.push(field.alias.as_ref().unwrap_or(&field.name).node.to_string());
            part.dearest = Some((part.cost, path));
        }
        part
    }

    /// The page size of a connection. Sizes out of bounds are refused when the field is resolved.
    fn page(&self, field: &Field) -> u64 {
        let given = |name: &str| {
            let argument = self.argument(field, name).filter(|argument| !argument.is_null())?;
            Some(argument.integer().map_or(PAGE_MAX, |size| u64::try_from(size).unwrap_or(1).clamp(1, PAGE_MAX)))
        };
        match (given("first"), given("last")) {
            (Some(first), Some(last)) => first.max(last),
            (Some(size), None) | (None, Some(size)) => size,
            (None, None) => PAGE,
        }
    }

    /// The length of the longest list that a field was given.
    fn longest(&self, field: &Field) -> u64 {
        let literals: Vec<_> = field.arguments.iter().map(|(_, value)| &value.node).collect();
        self.values.longest_list(&literals) as u64
    }

    fn argument<'f>(&'f self, field: &'f Field, name: &str) -> Option<Argument<'f>> {
        field.get_argument(name).map(|value| self.values.argument(&value.node))
    }
}
