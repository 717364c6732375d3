//! Fields that share a name in the answer must be one field (GraphQL specification §5.3.2), however deep they lie. The library looks at one
//! level and one type condition at a time, and would answer with whichever came first.

use std::collections::{BTreeMap, HashSet};

use async_graphql::Pos;
use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};

use crate::graphql::catalogue::{Catalogue, TypeId};

/// Fields looked at in one document: what is more entangled than this is refused unread.
const STEPS_MAX: usize = 200_000;

/// What every object can be asked for, although its type does not say so.
const TYPE_NAME: &str = "__typename";

/// Two fields that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// Their name in the answer; None when there was too much to look at.
    pub name: Option<String>,
    /// Where they stand.
    pub positions: Vec<Pos>,
}

/// The first clash in a document.
pub fn clash(catalogue: &Catalogue, document: &ExecutableDocument) -> Option<Clash> {
    let mut search = Search { catalogue, document, steps: 0 };
    for (_, operation) in document.operations.iter() {
        let Some(root) = catalogue.root(operation.node.ty) else { continue };
        if let Err(clash) = search.sets(&[(root, &operation.node.selection_set.node)], Asked::SameField) {
            return Some(clash);
        }
    }
    None
}

/// What fields of one name must have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// All of them: they may be of one object.
    SameField,
    /// The form of the answer only: they are of different objects.
    SameForm,
}

type Placed<'a> = (TypeId, &'a Field, Pos);

struct Search<'a> {
    catalogue: &'a Catalogue,
    document: &'a ExecutableDocument,
    steps: usize,
}

impl<'a> Search<'a> {
    /// Sets whose fields come together in one object of the answer.
    fn sets(&mut self, sets: &[(TypeId, &'a SelectionSet)], asked: Asked) -> Result<(), Clash> {
        let mut names: BTreeMap<&'a str, Vec<Placed<'a>>> = BTreeMap::new();
        let mut seen = HashSet::new();
        for (parent, set) in sets {
            self.collect(*parent, set, &mut seen, &mut names)?;
        }
        for (name, fields) in names {
            self.group(name, &fields, asked)?;
        }
        Ok(())
    }

    fn collect(
        &mut self,
        parent: TypeId,
        set: &'a SelectionSet,
        seen: &mut HashSet<&'a str>,
        names: &mut BTreeMap<&'a str, Vec<Placed<'a>>>,
    ) -> Result<(), Clash> {
        for selection in &set.items {
            self.steps += 1;
            if self.steps > STEPS_MAX {
                return Err(Clash { name: None, positions: vec![selection.pos] });
            }
            match &selection.node {
                Selection::Field(field) => {
                    let name = field.node.alias.as_ref().unwrap_or(&field.node.name).node.as_str();
                    names.entry(name).or_default().push((parent, &field.node, field.pos));
                }
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref().map(|c| c.node.on.node.as_str());
                    if let Some(on) = on.map_or(Some(parent), |name| self.catalogue.output_by_name(name)) {
                        self.collect(on, &inline.node.selection_set.node, seen, names)?;
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let document = self.document;
                    let name = spread.node.fragment_name.node.as_str();
                    // Spread twice it says the same twice.
                    if !seen.insert(name) {
                        continue;
                    }
                    if let Some(fragment) = document.fragments.get(name)
                        && let Some(on) = self.catalogue.output_by_name(fragment.node.type_condition.node.on.node.as_str())
                    {
                        self.collect(on, &fragment.node.selection_set.node, seen, names)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Fields of one name.
    fn group(&mut self, name: &str, fields: &[Placed<'a>], asked: Asked) -> Result<(), Clash> {
        let Some((first, others)) = fields.split_first() else { return Ok(()) };
        let form = self.form(first);
        // What is unknown is for the validation.
        let differs = |other: &&Placed<'a>| form.is_some() && self.form(other).is_some_and(|other| Some(other) != form);
        if let Some(other) = others.iter().find(differs) {
            return Err(clash_of(name, first, other));
        }
        let is_abstract = |field: &Placed<'a>| self.catalogue.output(field.0).is_some_and(|output| output.is_abstract);
        let concrete: HashSet<TypeId> = fields.iter().filter(|field| !is_abstract(field)).map(|field| field.0).collect();
        if asked == Asked::SameForm || concrete.len() <= 1 {
            if asked == Asked::SameField
                && let Some(other) = others.iter().find(|other| !is_same(first.1, other.1))
            {
                return Err(clash_of(name, first, other));
            }
            return self.inside(fields, asked);
        }
        // On different concrete types they never meet, but each meets those of the interfaces.
        self.inside(fields, Asked::SameForm)?;
        let mut concrete: Vec<TypeId> = concrete.into_iter().collect();
        concrete.sort_unstable();
        for id in concrete {
            let of_one: Vec<Placed<'a>> = fields.iter().filter(|field| field.0 == id || is_abstract(field)).copied().collect();
            if of_one.len() > 1 || asked == Asked::SameField {
                self.group(name, &of_one, Asked::SameField)?;
            }
        }
        Ok(())
    }

    /// What lies in fields that are one.
    fn inside(&mut self, fields: &[Placed<'a>], asked: Asked) -> Result<(), Clash> {
        let inner = fields.iter().filter_map(|(parent, field, _)| {
            let of = self.catalogue.field(*parent, field.name.node.as_str())?.of;
            self.catalogue.output(of).map(|_| (of, &field.selection_set.node))
        });
        let inner: Vec<(TypeId, &'a SelectionSet)> = inner.collect();
        if inner.is_empty() { Ok(()) } else { self.sets(&inner, asked) }
    }

    /// The form of a field's answer: lists, exclamation marks, and the type of a leaf. None for what is unknown.
    fn form(&self, (parent, field, _): &Placed<'a>) -> Option<String> {
        if field.name.node == TYPE_NAME {
            return Some("String!".to_owned());
        }
        let known = self.catalogue.field(*parent, field.name.node.as_str())?;
        let text = known.kind.to_string();
        match self.catalogue.output(known.of) {
            None => Some(text),
            Some(_) => Some(text.chars().filter(|c| matches!(c, '[' | ']' | '!')).collect()),
        }
    }
}

fn is_same(one: &Field, other: &Field) -> bool {
    one.name.node == other.name.node
        && one.arguments.len() == other.arguments.len()
        && one.arguments.iter().all(|(name, value)| other.get_argument(name.node.as_str()).is_some_and(|v| v.node == value.node))
}

fn clash_of(name: &str, one: &Placed<'_>, other: &Placed<'_>) -> Clash {
    Clash { name: Some(name.to_owned()), positions: vec![one.2, other.2] }
}
