//! What a document amounts to once its fragments are expanded: each set and each fragment is weighed once, innermost first, and sums
//! saturate, so that a bomb costs no more than its own length.

use std::collections::HashMap;

use super::Objection;
use super::shape::{Definition, Item, Shape, is_introspection};
use crate::config::Limits;

/// What lies in a set, expanded.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    /// Selections outside of introspection.
    selections: usize,
    /// Selections in introspection.
    introspection: usize,
    /// Sets within one another.
    depth: usize,
    /// Lists of introspection within one another, if this is introspection.
    lists: usize,
    /// The same, of what is introspection whatever this is.
    lists_within: usize,
    /// Fields at this level, but for introspection.
    fields: usize,
    /// `__typename` at this level, and introspection.
    meta: usize,
    /// `signIn` at this level.
    sign_ins: usize,
    /// `acceptInvitation` at this level.
    acceptances: usize,
}

impl Weight {
    /// Beside what is there already.
    fn add(&mut self, other: Weight) {
        for (sum, part) in [
            (&mut self.selections, other.selections),
            (&mut self.introspection, other.introspection),
            (&mut self.fields, other.fields),
            (&mut self.meta, other.meta),
            (&mut self.sign_ins, other.sign_ins),
            (&mut self.acceptances, other.acceptances),
        ] {
            *sum = sum.saturating_add(part);
        }
        for (most, part) in [(&mut self.depth, other.depth), (&mut self.lists, other.lists), (&mut self.lists_within, other.lists_within)] {
            *most = (*most).max(part);
        }
    }

    /// A field with what is in it.
    fn field(name: &str, inside: Weight) -> Weight {
        let mut weight = Weight { depth: inside.depth, lists_within: inside.lists_within, ..Weight::default() };
        weight.lists = inside.lists.saturating_add(usize::from(is_list(name)));
        if is_introspection(name) {
            weight.introspection = inside.selections.saturating_add(inside.introspection).saturating_add(1);
            weight.lists_within = inside.lists.max(inside.lists_within);
            weight.meta = 1;
        } else {
            weight.selections = inside.selections.saturating_add(1);
            weight.introspection = inside.introspection;
            weight.meta = usize::from(name == "__typename");
            weight.fields = 1;
            weight.sign_ins = usize::from(name == "signIn");
            weight.acceptances = usize::from(name == "acceptInvitation");
        }
        weight
    }

    /// A fragment with what is in it.
    fn fragment(self) -> Weight {
        Weight { selections: self.selections.saturating_add(1), ..self }
    }
}

/// The lists of introspection that lead back to types.
fn is_list(name: &str) -> bool {
    matches!(name, "fields" | "inputFields" | "interfaces" | "possibleTypes")
}

/// Holds a document to the limits.
pub fn check(shape: &Shape<'_>, limits: &Limits) -> Result<(), Objection> {
    check_written(shape, limits)?;
    let weights = weigh(shape, limits)?;
    let mut selections = 0usize;
    let mut introspection = 0usize;
    for (&(definition, _), weight) in shape.definitions.iter().zip(&weights) {
        if weight.depth > limits.bracket_depth {
            return Err(Objection::too_deep(limits.bracket_depth));
        }
        if weight.lists_within > limits.introspection_lists
            || (weight.lists > limits.introspection_lists && is_about_types(shape, definition))
        {
            let maximum = limits.introspection_lists;
            let text = format!(
                "In introspection at most {maximum} of `fields`, `inputFields`, `interfaces` and `possibleTypes` nest: ask in several steps."
            );
            return Err(Objection::over("introspectionLists", maximum, text));
        }
        check_root(definition, weight, limits)?;
        // Fragments that no operation uses are looked at by the validation all the same.
        let most = weight.selections.max(weight.introspection);
        if !matches!(definition, Definition::Fragment(_)) {
            selections = selections.saturating_add(weight.selections);
            introspection = introspection.saturating_add(weight.introspection);
        }
        if most.max(selections).max(introspection) > limits.selections {
            let maximum = limits.selections;
            let text = format!("With its fragments expanded the document has more than {maximum} selections: spread fewer fragments.");
            return Err(Objection::over("selections", maximum, text));
        }
    }
    Ok(())
}

/// A fragment on a type of introspection.
fn is_about_types(shape: &Shape<'_>, definition: Definition<'_>) -> bool {
    shape.definitions.iter().any(|(other, set)| *other == definition && shape.sets[*set].introspects)
}

/// Limits of what is written, however often it is used.
fn check_written(shape: &Shape<'_>, limits: &Limits) -> Result<(), Objection> {
    let Limits { aliases, directives, field_directives, .. } = *limits;
    if shape.aliases > aliases {
        let text = format!("The document has more than {aliases} aliases: send it in parts.");
        return Err(Objection::over("aliases", aliases, text));
    }
    if shape.directives > directives {
        let text = format!("The document has more than {directives} directives: send it in parts.");
        return Err(Objection::over("directives", directives, text));
    }
    if shape.directives_together > field_directives {
        let text = format!("More than {field_directives} directives stand in one place: one of each kind is enough.");
        return Err(Objection::over("fieldDirectives", field_directives, text));
    }
    Ok(())
}

/// Limits of what an operation begins with.
fn check_root(definition: Definition<'_>, weight: &Weight, limits: &Limits) -> Result<(), Objection> {
    let (limit, maximum, what) = match definition {
        Definition::Fragment(_) => return Ok(()),
        Definition::Query => ("rootFields", limits.root_fields, "query"),
        Definition::Mutation => ("mutations", limits.mutations, "mutation"),
        Definition::Subscription if weight.fields.saturating_add(weight.meta) == 1 && weight.meta == 0 => return Ok(()),
        Definition::Subscription => {
            let text = "A subscription has exactly one field at its root, and no introspection: open one for each.";
            return Err(Objection::over("subscriptionFields", 1, text.to_owned()));
        }
    };
    if weight.fields > maximum {
        let text = format!("The {what} has more than {maximum} fields at its root, those of fragments included: send it in parts.");
        return Err(Objection::over(limit, maximum, text));
    }
    for (limit, count) in [("signIn", weight.sign_ins), ("acceptInvitation", weight.acceptances)] {
        if definition == Definition::Mutation && count > 1 {
            return Err(Objection::over(limit, 1, format!("`{limit}` may stand in an operation once: send one at a time.")));
        }
    }
    Ok(())
}

/// What each definition amounts to; those that spread into a circle are refused.
fn weigh(shape: &Shape<'_>, limits: &Limits) -> Result<Vec<Weight>, Objection> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    for (number, (definition, _)) in shape.definitions.iter().enumerate() {
        if let Definition::Fragment(name) = definition
            && numbers.insert(name, number).is_some()
        {
            let text = "Two fragments have the same name: give each its own.".to_owned();
            return Err(Objection::over("fragmentsOfOneName", 1, text));
        }
    }
    let mut weights = vec![None; shape.definitions.len()];
    let mut sets = vec![Weight::default(); shape.sets.len()];
    for number in order(shape, &numbers)? {
        let first = shape.definitions[number].1;
        let end = shape.definitions.get(number + 1).map_or(shape.sets.len(), |(_, set)| *set);
        // A set has a greater number than the one that it lies in.
        for set in (first..end).rev() {
            let mut weight = Weight::default();
            for item in &shape.sets[set].items {
                weight.add(match *item {
                    Item::Field(name, inside) => Weight::field(name, inside.map(|set| sets[set]).unwrap_or_default()),
                    Item::Inline(inside) => sets[inside].fragment(),
                    Item::Spread(name) => {
                        let fragment: Option<Weight> = numbers.get(name).and_then(|fragment| weights[*fragment]);
                        fragment.unwrap_or_default().fragment()
                    }
                });
            }
            weight.depth = weight.depth.saturating_add(1);
            if weight.depth > limits.bracket_depth {
                return Err(Objection::too_deep(limits.bracket_depth));
            }
            sets[set] = weight;
        }
        weights[number] = Some(sets[first]);
    }
    Ok(weights.into_iter().map(Option::unwrap_or_default).collect())
}

/// The definitions in an order in which each comes behind all the fragments that it spreads.
fn order(shape: &Shape<'_>, numbers: &HashMap<&str, usize>) -> Result<Vec<usize>, Objection> {
    let count = shape.definitions.len();
    // Who waits for whom, each pair once.
    let mut waits = vec![vec![false; count]; count];
    for (number, window) in shape.definitions.iter().enumerate() {
        let end = shape.definitions.get(number + 1).map_or(shape.sets.len(), |(_, set)| *set);
        for item in shape.sets[window.1..end].iter().flat_map(|set| &set.items) {
            if let Item::Spread(name) = item
                && let Some(fragment) = numbers.get(name)
            {
                waits[number][*fragment] = true;
            }
        }
    }
    let mut order = Vec::with_capacity(count);
    let mut is_done = vec![false; count];
    while order.len() < count {
        let next = (0..count).find(|n| !is_done[*n] && waits[*n].iter().zip(&is_done).all(|(waits, done)| !waits || *done));
        let Some(next) = next else {
            let text = "Fragments spread into a circle: take one of the spreads out.".to_owned();
            return Err(Objection::over("fragmentCycles", 0, text));
        };
        is_done[next] = true;
        order.push(next);
    }
    Ok(order)
}
