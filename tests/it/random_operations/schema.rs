//! The schema as the generator sees it.

use std::collections::BTreeMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, InputValueDefinition, Type, TypeKind, TypeSystemDefinition};

/// A type as written, taken apart.
#[derive(Debug, Clone)]
pub struct Shape {
    pub text: String,
    pub name: String,
    pub is_list: bool,
    pub is_required: bool,
}

impl Shape {
    fn of(text: &Type) -> Shape {
        let (name, is_list) = match &text.base {
            BaseType::Named(name) => (name.to_string(), false),
            BaseType::List(inner) => (Shape::of(inner).name, true),
        };
        Shape { text: text.to_string(), name, is_list, is_required: !text.nullable }
    }
}

/// An argument, or a field of an input object.
#[derive(Debug, Clone)]
pub struct Input {
    pub name: String,
    pub shape: Shape,
}

/// A field.
#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    pub arguments: Vec<Input>,
    pub shape: Shape,
}

/// All that operations are made of.
#[derive(Debug, Default)]
pub struct Schema {
    /// Fields of objects and interfaces.
    pub objects: BTreeMap<String, Vec<Field>>,
    /// The types that are an interface.
    pub families: BTreeMap<String, Vec<String>>,
    /// Fields of input objects, and whether exactly one is given.
    pub inputs: BTreeMap<String, (Vec<Input>, bool)>,
    pub enums: BTreeMap<String, Vec<String>>,
}

impl Schema {
    /// Out of the schema's file.
    pub fn read() -> Schema {
        let mut schema = Schema::default();
        for definition in parse_schema(include_str!("../../../schema.graphql")).expect("the schema").definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let definition = definition.node;
            let name = definition.name.node.to_string();
            let (fields, families) = match definition.kind {
                TypeKind::Object(kind) => (kind.fields, kind.implements),
                TypeKind::Interface(kind) => {
                    schema.families.entry(name.clone()).or_default();
                    (kind.fields, Vec::new())
                }
                TypeKind::Enum(kind) => {
                    schema.enums.insert(name, kind.values.into_iter().map(|value| value.node.value.node.to_string()).collect());
                    continue;
                }
                TypeKind::InputObject(kind) => {
                    let is_one_of = definition.directives.iter().any(|directive| directive.node.name.node == "oneOf");
                    schema.inputs.insert(name, (kind.fields.iter().map(|field| input(&field.node)).collect(), is_one_of));
                    continue;
                }
                TypeKind::Scalar | TypeKind::Union(_) => continue,
            };
            for family in families {
                schema.families.entry(family.node.to_string()).or_default().push(name.clone());
            }
            let fields = fields.into_iter().map(|field| Field {
                name: field.node.name.node.to_string(),
                arguments: field.node.arguments.iter().map(|argument| input(&argument.node)).collect(),
                shape: Shape::of(&field.node.ty.node),
            });
            schema.objects.insert(name, fields.collect());
        }
        schema
    }
}

fn input(value: &InputValueDefinition) -> Input {
    Input { name: value.name.node.to_string(), shape: Shape::of(&value.ty.node) }
}
