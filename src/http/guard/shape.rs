//! The shape of a document: which selections lie in which, and where fragments are spread. Arguments and types are skipped, brackets and
//! directives in them counted.

use std::collections::HashSet;

use super::Objection;
use super::lexer::{Kind, Lexer, Token};
use crate::config::Limits;

/// What a definition defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Definition<'a> {
    /// Reads.
    Query,
    /// Changes.
    Mutation,
    /// Listens.
    Subscription,
    /// A fragment of that name.
    Fragment(&'a str),
}

/// Something in a selection set; sets are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// A field, perhaps with selections.
    Field(&'a str, Option<usize>),
    /// An inline fragment.
    Inline(usize),
    /// A fragment is spread.
    Spread(&'a str),
}

/// Selections in one pair of brackets.
#[derive(Debug, Default)]
pub struct Set<'a> {
    /// What is selected.
    pub items: Vec<Item<'a>>,
    /// Whether it lies within introspection.
    pub introspects: bool,
}

/// A document. A set has a greater number than the one that it lies in; the sets of a definition are `first_set..` up to those of the next.
#[derive(Debug, Default)]
pub struct Shape<'a> {
    /// Definitions, with the number of their outermost set.
    pub definitions: Vec<(Definition<'a>, usize)>,
    /// All sets.
    pub sets: Vec<Set<'a>>,
    /// Aliases as written, outside of introspection.
    pub aliases: usize,
    /// Directives as written, outside of introspection.
    pub directives: usize,
    /// Most directives in one place, outside of introspection.
    pub directives_together: usize,
}

/// Reads the shape of a document.
pub fn read<'a>(document: &'a str, limits: &'a Limits) -> Result<Shape<'a>, Objection> {
    let mut reader = Reader { lexer: Lexer::new(document, limits), ahead: None, shape: Shape::default() };
    while let Some(token) = reader.next()? {
        reader.definition(token)?;
        if reader.shape.definitions.len() > limits.definitions {
            let maximum = limits.definitions;
            let message = format!("The document has more than {maximum} operations and fragments: send fewer at once.");
            return Err(Objection::over("definitions", maximum, message));
        }
    }
    if reader.shape.definitions.is_empty() {
        return Err(reader.lexer.syntax(document.len()));
    }
    Ok(reader.shape)
}

struct Reader<'a> {
    lexer: Lexer<'a>,
    ahead: Option<Option<Token<'a>>>,
    shape: Shape<'a>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Option<Token<'a>>, Objection> {
        match self.ahead.take() {
            Some(token) => Ok(token),
            None => self.lexer.next(),
        }
    }

    fn peek(&mut self) -> Result<Option<Token<'a>>, Objection> {
        if self.ahead.is_none() {
            self.ahead = Some(self.lexer.next()?);
        }
        Ok(self.ahead.flatten())
    }

    /// The next token, which must be there.
    fn some(&mut self) -> Result<Token<'a>, Objection> {
        self.next()?.ok_or_else(|| self.lexer.syntax(usize::MAX))
    }

    fn name(&mut self) -> Result<&'a str, Objection> {
        let token = self.some()?;
        if token.kind == Kind::Name { Ok(token.text) } else { Err(self.lexer.syntax(token.at)) }
    }

    fn is_next(&mut self, sign: u8) -> Result<bool, Objection> {
        Ok(self.peek()?.is_some_and(|t| t.kind == Kind::Sign(sign)))
    }

    fn take(&mut self, sign: u8) -> Result<bool, Objection> {
        let is_next = self.is_next(sign)?;
        if is_next {
            self.ahead = None;
        }
        Ok(is_next)
    }

    fn expect(&mut self, sign: u8) -> Result<(), Objection> {
        let token = self.some()?;
        if token.kind == Kind::Sign(sign) { Ok(()) } else { Err(self.lexer.syntax(token.at)) }
    }

    fn definition(&mut self, mut token: Token<'a>) -> Result<(), Objection> {
        // A description, which `{` alone cannot have.
        if token.text.starts_with('"') {
            token = self.some()?;
            if token.kind != Kind::Name {
                return Err(self.lexer.syntax(token.at));
            }
        }
        let definition = match (token.kind, token.text) {
            (Kind::Sign(b'{'), _) => return self.selections(Definition::Query, false),
            (Kind::Name, "query") => Definition::Query,
            (Kind::Name, "mutation") => Definition::Mutation,
            (Kind::Name, "subscription") => Definition::Subscription,
            (Kind::Name, "fragment") => return self.fragment(),
            _ => return Err(self.lexer.syntax(token.at)),
        };
        if self.peek()?.is_some_and(|t| t.kind == Kind::Name) {
            self.ahead = None;
        }
        self.arguments(false)?;
        self.directives(false)?;
        self.expect(b'{')?;
        self.selections(definition, false)
    }

    fn fragment(&mut self) -> Result<(), Objection> {
        let token = self.some()?;
        // No fragment is called `on`: a spread of it would look like an inline fragment.
        if token.kind != Kind::Name || token.text == "on" {
            return Err(self.lexer.syntax(token.at));
        }
        let on = self.some()?;
        if on.text != "on" {
            return Err(self.lexer.syntax(on.at));
        }
        let introspects = self.name()?.starts_with("__");
        self.directives(introspects)?;
        self.expect(b'{')?;
        self.selections(Definition::Fragment(token.text), introspects)
    }

    /// Selections up to the bracket that closes the definition; the opening one was read.
    fn selections(&mut self, definition: Definition<'a>, introspects: bool) -> Result<(), Objection> {
        let first = self.open(introspects);
        self.shape.definitions.push((definition, first));
        let mut open = vec![first];
        while let Some(&current) = open.last() {
            let introspects = self.shape.sets[current].introspects;
            let token = self.some()?;
            let item = match token.kind {
                Kind::Sign(b'}') if !self.shape.sets[current].items.is_empty() => {
                    open.pop();
                    continue;
                }
                Kind::Name => {
                    let mut name = token.text;
                    if self.take(b':')? {
                        name = self.name()?;
                        self.shape.aliases += usize::from(!introspects && !is_introspection(name));
                    }
                    self.arguments(introspects)?;
                    self.directives(introspects)?;
                    let inside = match self.take(b'{')? {
                        true => Some(self.open(introspects || is_introspection(name))),
                        false => None,
                    };
                    Item::Field(name, inside)
                }
                Kind::Spread => self.spread(introspects)?,
                Kind::Value | Kind::Sign(_) => return Err(self.lexer.syntax(token.at)),
            };
            self.shape.sets[current].items.push(item);
            if let Item::Field(_, Some(inside)) | Item::Inline(inside) = item {
                open.push(inside);
            }
        }
        Ok(())
    }

    /// What follows on `...`; an inline fragment's bracket is read.
    fn spread(&mut self, introspects: bool) -> Result<Item<'a>, Objection> {
        if let Some(token) = self.peek()?.filter(|t| t.kind == Kind::Name) {
            self.ahead = None;
            if token.text != "on" {
                self.directives(introspects)?;
                return Ok(Item::Spread(token.text));
            }
            self.name()?;
        }
        self.directives(introspects)?;
        self.expect(b'{')?;
        Ok(Item::Inline(self.open(introspects)))
    }

    fn open(&mut self, introspects: bool) -> usize {
        self.shape.sets.push(Set { items: Vec::new(), introspects });
        self.shape.sets.len() - 1
    }

    fn directives(&mut self, introspects: bool) -> Result<(), Objection> {
        let mut together = 0;
        while self.take(b'@')? {
            self.name()?;
            together += 1;
            self.arguments(introspects)?;
        }
        self.count_directives(together, introspects);
        Ok(())
    }

    fn count_directives(&mut self, together: usize, introspects: bool) {
        if !introspects {
            self.shape.directives += together;
            self.shape.directives_together = self.shape.directives_together.max(together);
        }
    }

    /// Skips what is in round brackets, if there are any; the lexer pairs them. What stands in there is counted, and no input object has
    /// a field twice.
    fn arguments(&mut self, introspects: bool) -> Result<(), Objection> {
        if !self.take(b'(')? {
            return Ok(());
        }
        // There is something between them.
        if self.is_next(b')')? {
            let token = self.some()?;
            return Err(self.lexer.syntax(token.at));
        }
        let (mut together, mut objects) = (0usize, 0usize);
        // The brackets that are open, with a number for those of an object.
        let mut open = vec![None];
        let mut fields = HashSet::new();
        while let Some(&within) = open.last() {
            let token = self.some()?;
            match token.kind {
                Kind::Sign(b'{') => {
                    objects += 1;
                    open.push(Some(objects));
                }
                Kind::Sign(b'(' | b'[') => open.push(None),
                Kind::Sign(b')' | b']' | b'}') => _ = open.pop(),
                // Those of variables.
                Kind::Sign(b'@') => together += 1,
                Kind::Sign(b'$') => {
                    self.count_directives(together, introspects);
                    together = 0;
                }
                Kind::Name => {
                    if let Some(object) = within
                        && self.is_next(b':')?
                        && !fields.insert((object, token.text))
                    {
                        return Err(self.lexer.twice(token.text, token.at));
                    }
                }
                Kind::Value | Kind::Spread | Kind::Sign(_) => {}
            }
        }
        self.count_directives(together, introspects);
        Ok(())
    }
}

/// The fields that ask for the schema.
pub fn is_introspection(name: &str) -> bool {
    matches!(name, "__schema" | "__type")
}
