//! What the schema says, looked up once at the start: prices, validation and values of variables depend on it, and the library keeps its
//! registry to itself.

use std::collections::{HashMap, HashSet};

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, OperationType, ServiceDocument, Type as TypeText, TypeDefinition, TypeKind,
    TypeSystemDefinition,
};
use async_graphql::parser::{Error, parse_schema};
use async_graphql::{Name, Positioned};

/// A type, by its place in the catalogue.
pub type TypeId = usize;

/// The types of introspection, and those of GraphQL itself, which are part of every schema and of no schema's text.
const OWN_TYPES: &str = "
type __Schema { description: String types: [__Type!]! queryType: __Type! mutationType: __Type subscriptionType: __Type directives: [__Directive!]! }
type __Type { kind: __TypeKind! name: String description: String fields(includeDeprecated: Boolean! = false): [__Field!] interfaces: [__Type!]
  possibleTypes: [__Type!] enumValues(includeDeprecated: Boolean! = false): [__EnumValue!] inputFields: [__InputValue!] ofType: __Type
  specifiedByURL: String isOneOf: Boolean! }
type __Field { name: String! description: String args: [__InputValue!]! type: __Type! isDeprecated: Boolean! deprecationReason: String }
type __InputValue { name: String! description: String type: __Type! defaultValue: String isDeprecated: Boolean! deprecationReason: String }
type __EnumValue { name: String! description: String isDeprecated: Boolean! deprecationReason: String }
type __Directive { name: String! description: String locations: [__DirectiveLocation!]! args: [__InputValue!]! isRepeatable: Boolean! }
enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }
enum __DirectiveLocation { QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT VARIABLE_DEFINITION SCHEMA
  SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION }
scalar Int
scalar Float
scalar String
scalar Boolean
scalar ID
";
/// What every query can ask besides, although its type does not say so.
const OWN_FIELDS: &str = "type Query { __schema: __Schema! __type(name: String!): __Type }";

/// An argument, or a field of an input object.
#[derive(Debug)]
pub struct Argument {
    /// Its type.
    pub kind: TypeText,
    /// The same, without lists and exclamation marks.
    pub of: TypeId,
    /// Whether it has a default.
    pub has_default: bool,
}

/// By name, as they are written down.
pub type Arguments = IndexMap<String, Argument>;

/// A field of an object.
#[derive(Debug)]
pub struct Field {
    /// Its arguments.
    pub arguments: Arguments,
    /// Its type.
    pub kind: TypeText,
    /// The same, without lists and exclamation marks.
    pub of: TypeId,
}

/// A type with fields.
#[derive(Debug, Default)]
pub struct Output {
    /// Whether it is an interface or a union.
    pub is_abstract: bool,
    /// Its interfaces.
    pub interfaces: Vec<TypeId>,
    /// The concrete types that an object of it can have, ascending; itself for an object type.
    pub possible: Vec<TypeId>,
    /// Its fields.
    pub fields: HashMap<String, Field>,
}

/// An input object.
#[derive(Debug)]
pub struct Input {
    /// Its fields.
    pub fields: Arguments,
    /// Whether exactly one of them is given.
    pub is_one_of: bool,
}

/// What a type is.
#[derive(Debug)]
pub enum Form {
    /// A scalar.
    Scalar,
    /// An enum, with its values.
    Enum(HashSet<String>),
    /// An input object.
    Input(Input),
    /// An object, an interface or a union.
    Output(Output),
}

/// A type.
#[derive(Debug)]
pub struct Type {
    /// Its name.
    pub name: String,
    /// What it is.
    pub form: Form,
}

/// All types and directives.
#[derive(Debug, Default)]
pub struct Catalogue {
    types: Vec<Type>,
    by_name: HashMap<String, TypeId>,
    directives: HashMap<String, Arguments>,
    roots: [Option<TypeId>; 3],
    own_fields: HashMap<String, Field>,
}

impl Catalogue {
    /// Out of a schema's text.
    pub fn of(schema: &str) -> Result<Catalogue, Error> {
        let texts = [parse_schema(schema)?, parse_schema(OWN_TYPES)?];
        let mut catalogue = Catalogue::default();
        for (id, definition) in definitions(&texts).enumerate() {
            catalogue.by_name.insert(definition.name.node.to_string(), id);
        }
        let types = definitions(&texts).enumerate().map(|(id, definition)| catalogue.read(id, definition)).collect();
        catalogue.types = types;
        catalogue.fill_families(&texts);
        let mut roots = ["Query", "Mutation", "Subscription"].map(str::to_owned);
        for definition in texts.iter().flat_map(|text| &text.definitions) {
            match definition {
                TypeSystemDefinition::Directive(directive) => {
                    let arguments = catalogue.arguments(&directive.node.arguments);
                    catalogue.directives.insert(directive.node.name.node.to_string(), arguments);
                }
                TypeSystemDefinition::Schema(schema) => {
                    let named = [&schema.node.query, &schema.node.mutation, &schema.node.subscription];
                    for (root, name) in roots.iter_mut().zip(named) {
                        if let Some(name) = name {
                            *root = name.node.to_string();
                        }
                    }
                }
                TypeSystemDefinition::Type(_) => {}
            }
        }
        catalogue.roots = roots.map(|name| catalogue.by_name(&name));
        for definition in definitions(&[parse_schema(OWN_FIELDS)?]) {
            if let TypeKind::Object(kind) = &definition.kind {
                catalogue.own_fields = catalogue.fields(&kind.fields);
            }
        }
        Ok(catalogue)
    }

    fn read(&self, id: TypeId, definition: &TypeDefinition) -> Type {
        let ids = |names: &[Positioned<Name>]| names.iter().filter_map(|name| self.by_name(&name.node)).collect();
        let form = match &definition.kind {
            TypeKind::Scalar => Form::Scalar,
            TypeKind::Enum(kind) => Form::Enum(kind.values.iter().map(|value| value.node.value.node.to_string()).collect()),
            TypeKind::InputObject(kind) => {
                let is_one_of = definition.directives.iter().any(|directive| directive.node.name.node == "oneOf");
                Form::Input(Input { fields: self.arguments(&kind.fields), is_one_of })
            }
            TypeKind::Object(kind) => {
                let (fields, interfaces) = (self.fields(&kind.fields), ids(&kind.implements));
                Form::Output(Output { is_abstract: false, interfaces, possible: vec![id], fields })
            }
            TypeKind::Interface(kind) => {
                let (fields, interfaces) = (self.fields(&kind.fields), ids(&kind.implements));
                Form::Output(Output { is_abstract: true, interfaces, possible: Vec::new(), fields })
            }
            TypeKind::Union(kind) => Form::Output(Output { is_abstract: true, possible: ids(&kind.members), ..Output::default() }),
        };
        Type { name: definition.name.node.to_string(), form }
    }

    /// Tells interfaces who implements them.
    fn fill_families(&mut self, texts: &[ServiceDocument]) {
        for definition in definitions(texts) {
            let (TypeKind::Object(kind), Some(id)) = (&definition.kind, self.by_name(&definition.name.node)) else { continue };
            for family in &kind.implements {
                if let Some(Form::Output(family)) = self.by_name(&family.node).map(|family| &mut self.types[family].form) {
                    family.possible.push(id);
                }
            }
        }
        for kind in &mut self.types {
            if let Form::Output(output) = &mut kind.form {
                output.possible.sort_unstable();
            }
        }
    }

    fn fields(&self, definitions: &[Positioned<FieldDefinition>]) -> HashMap<String, Field> {
        let each = definitions.iter().filter_map(|Positioned { node, .. }| {
            let (kind, of) = self.kind(&node.ty.node)?;
            Some((node.name.node.to_string(), Field { arguments: self.arguments(&node.arguments), kind, of }))
        });
        each.collect()
    }

    fn arguments(&self, definitions: &[Positioned<InputValueDefinition>]) -> Arguments {
        let each = definitions.iter().filter_map(|Positioned { node, .. }| {
            let (kind, of) = self.kind(&node.ty.node)?;
            Some((node.name.node.to_string(), Argument { kind, of, has_default: node.default_value.is_some() }))
        });
        each.collect()
    }

    fn kind(&self, text: &TypeText) -> Option<(TypeText, TypeId)> {
        Some((text.clone(), self.by_name(named(text))?))
    }

    /// All types.
    pub fn types(&self) -> &[Type] {
        &self.types
    }

    /// The type of that name.
    pub fn by_name(&self, name: &str) -> Option<TypeId> {
        self.by_name.get(name).copied()
    }

    /// A type.
    pub fn get(&self, id: TypeId) -> &Type {
        &self.types[id]
    }

    /// A type with fields.
    pub fn output(&self, id: TypeId) -> Option<&Output> {
        match &self.get(id).form {
            Form::Output(output) => Some(output),
            Form::Scalar | Form::Enum(_) | Form::Input(_) => None,
        }
    }

    /// The type of that name, if it has fields.
    pub fn output_by_name(&self, name: &str) -> Option<TypeId> {
        self.by_name(name).filter(|id| self.output(*id).is_some())
    }

    /// Whether values of that type can be given.
    pub fn is_input(&self, id: TypeId) -> bool {
        self.output(id).is_none()
    }

    /// A field of a type; of that where queries begin also what asks for the schema.
    pub fn field(&self, parent: TypeId, name: &str) -> Option<&Field> {
        let of_type = self.output(parent)?.fields.get(name);
        of_type.or_else(|| self.own_fields.get(name).filter(|_| self.is_root(OperationType::Query, parent)))
    }

    /// All directives, with their arguments.
    pub fn directives(&self) -> &HashMap<String, Arguments> {
        &self.directives
    }

    /// Where an operation begins.
    pub fn root(&self, kind: OperationType) -> Option<TypeId> {
        let [query, mutation, subscription] = self.roots;
        match kind {
            OperationType::Query => query,
            OperationType::Mutation => mutation,
            OperationType::Subscription => subscription,
        }
    }

    /// Whether that is where operations of that kind begin.
    pub fn is_root(&self, kind: OperationType, id: TypeId) -> bool {
        self.root(kind) == Some(id)
    }
}

/// The name of a type, without lists and exclamation marks.
pub fn named(kind: &TypeText) -> &Name {
    match &kind.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(inner),
    }
}

/// Whether it is a list.
pub fn is_list(kind: &TypeText) -> bool {
    matches!(kind.base, BaseType::List(_))
}

/// In how many lists and exclamation marks a type is.
pub fn wrappers(kind: &TypeText) -> usize {
    let inner = match &kind.base {
        BaseType::Named(_) => 0,
        BaseType::List(inner) => wrappers(inner) + 1,
    };
    inner + usize::from(!kind.nullable)
}

fn definitions(texts: &[ServiceDocument]) -> impl Iterator<Item = &TypeDefinition> {
    texts.iter().flat_map(|text| &text.definitions).filter_map(|definition| match definition {
        TypeSystemDefinition::Type(definition) => Some(&definition.node),
        TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        let text = "schema { query: Ask } directive @hot(by: Int! = 1) on FIELD enum Status { ACTIVE GONE } input Filter { ids: [ID!], n: Int! = 3 }
            input Pick @oneOf { a: Int b: Int } interface Thing { id: ID! } type Deal implements Thing { id: ID! } type Task implements Thing { id: ID! }
            union Any = Task | Deal type Ask { things(filter: Filter): [[Thing!]]! }";
        Catalogue::of(text).expect("a schema")
    }

    #[test]
    fn what_the_text_says_is_found() {
        let catalogue = catalogue();
        let form = |name: &str| &catalogue.get(catalogue.by_name(name).expect("a type")).form;
        assert!(matches!(form("Status"), Form::Enum(values) if values.contains("GONE") && values.len() == 2));
        let Form::Input(filter) = form("Filter") else { panic!("an input object") };
        let fields: Vec<(&str, String, bool)> =
            filter.fields.iter().map(|(n, a)| (n.as_str(), a.kind.to_string(), a.has_default)).collect();
        assert_eq!(fields, [("ids", "[ID!]".to_owned(), false), ("n", "Int!".to_owned(), true)]);
        assert!(matches!(form("Pick"), Form::Input(Input { is_one_of: true, .. })));
        let ask = catalogue.root(OperationType::Query).expect("a root");
        let things = catalogue.field(ask, "things").expect("a field");
        assert_eq!((catalogue.get(things.of).name.as_str(), wrappers(&things.kind), is_list(&things.kind)), ("Thing", 4, true));
        let both = [catalogue.by_name("Deal"), catalogue.by_name("Task")].map(|id| id.expect("a type"));
        for family in ["Thing", "Any"] {
            let Form::Output(output) = form(family) else { panic!("{family}") };
            assert_eq!((output.is_abstract, output.possible.as_slice()), (true, both.as_slice()), "{family}");
        }
        assert!(catalogue.directives()["hot"]["by"].has_default);
        assert_eq!(catalogue.root(OperationType::Mutation), None);
    }

    #[test]
    fn the_schema_is_asked_for_where_queries_begin() {
        let catalogue = catalogue();
        let (ask, deal) = (catalogue.by_name("Ask").expect("a type"), catalogue.by_name("Deal").expect("a type"));
        let field = catalogue.field(ask, "__type").expect("of every query");
        assert_eq!((field.arguments["name"].kind.to_string().as_str(), catalogue.get(field.of).name.as_str()), ("String!", "__Type"));
        assert!(catalogue.field(deal, "__type").is_none());
        assert!(catalogue.field(field.of, "fields").expect("of introspection").arguments["includeDeprecated"].has_default);
    }
}
