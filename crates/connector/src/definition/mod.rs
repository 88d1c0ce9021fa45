//! A checked definition: what a connector means. Made only by [`Connector::parse`], so that whoever holds one
//! knows that ids are unique, templates compile and every reference inside it resolves.

mod auth;
mod check;
mod node;
mod parts;

use std::collections::HashMap;
use std::fmt;

use http::{HeaderName, HeaderValue, Method};
use serde_json::value::RawValue;

use crate::credential::AuthType;

pub use auth::{Apply, ApplyPlace, AuthMethod, ClientAuthentication, Field, Flow, OAuth, Refresh};

/// One thing wrong with a definition, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line in the text, from 1, where it is known.
    pub line: Option<usize>,
    /// Column in the text, from 1, in characters.
    pub column: Option<usize>,
    /// JSON pointer to the member, such as `/resources/0/actions/2/path`; empty for the whole document.
    pub path: String,
    /// One sentence: what is wrong and what was expected.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(formatter, "line {line}")?;
            if let Some(column) = self.column {
                write!(formatter, ", column {column}")?;
            }
            formatter.write_str(": ")?;
        }
        if !self.path.is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(&self.message)
    }
}

/// A platform: how to reach it, how to authenticate, what it can do.
#[derive(Debug)]
pub struct Connector {}

impl Connector {
    /// Reads and checks a definition in YAML or JSON. Total on any text: at most 2 MiB, 64 levels, 5,000 actions.
    ///
    /// # Errors
    /// Every problem found, in the order of the text.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        todo!("{text}")
    }
    /// `[a-z][a-z0-9]*`, at most 64 characters.
    pub fn id(&self) -> &str {
        todo!()
    }
    /// The platform's name as people write it.
    pub fn name(&self) -> &str {
        todo!()
    }
    /// One sentence for an assistant.
    pub fn description(&self) -> &str {
        todo!()
    }
    /// Categories, lower case, at least one.
    pub fn categories(&self) -> &[String] {
        todo!()
    }
    /// Address of the platform's public documentation.
    pub fn documentation(&self) -> Option<&str> {
        todo!()
    }
    /// The declared base URL as written, `{variable}`s included.
    pub fn base_url(&self) -> &str {
        todo!()
    }
    /// Ways to authenticate, best first, at most one of each type. Empty: open data, no credential needed.
    pub fn auth(&self) -> &[AuthMethod] {
        todo!()
    }
    /// The way of that type.
    pub fn auth_method(&self, kind: AuthType) -> Option<&AuthMethod> {
        self.auth().iter().find(|method| method.kind == kind)
    }
    /// Named groups of actions, in the order of the definition.
    pub fn resources(&self) -> &[Resource] {
        todo!()
    }
    /// All actions in the order of the definition; those of one resource stand together.
    pub fn actions(&self) -> &[Action] {
        todo!()
    }
    /// The actions of one of this connector's resources.
    pub fn resource_actions(&self, resource: &Resource) -> &[Action] {
        todo!("{resource:?}")
    }
    /// The action of that id, compared exactly.
    pub fn action(&self, id: &str) -> Option<&Action> {
        todo!("{id}")
    }
}

/// A named group of actions.
#[derive(Debug)]
pub struct Resource {
    /// Unique inside the connector.
    pub id: String,
    /// For people.
    pub name: String,
    /// One sentence for an assistant.
    pub description: String,
    /// The resource's actions inside [`Connector::actions`].
    pub(crate) actions: std::ops::Range<usize>,
}

/// What an action does to the world, as its author says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hints {
    /// Changes nothing at the platform.
    pub read_only: bool,
    /// May delete or overwrite.
    pub destructive: bool,
    /// Repeating it with the same arguments changes nothing more; such calls may be retried.
    pub idempotent: bool,
}

/// Where a parameter goes in the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// A place in the path.
    Path,
    /// The query string.
    Query,
    /// A header.
    Header,
    /// The body, or a member of it.
    Body,
    /// A variable of the action's GraphQL document.
    Variable,
}

impl Place {
    /// The name in definitions and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Body => "body",
            Self::Variable => "variable",
        }
    }
}

/// One flat argument of an action.
#[derive(Debug)]
pub struct Parameter {
    /// The name an assistant uses.
    pub name: String,
    /// Where it goes.
    pub place: Place,
    /// The name at the platform; `/` nests in a JSON body.
    pub wire: String,
    /// Whether a call without it is refused.
    pub required: bool,
    /// For an assistant.
    pub description: String,
    /// JSON Schema of the value, description and default not included.
    pub schema: Box<RawValue>,
    /// The value the platform assumes.
    pub default: Option<Box<RawValue>>,
}

/// One operation of a platform.
#[derive(Debug)]
pub struct Action {}

impl Action {
    /// The platform's own name, `[A-Za-z0-9_.-]{1,128}`.
    pub fn id(&self) -> &str {
        todo!()
    }
    /// A short name for people.
    pub fn display_name(&self) -> &str {
        todo!()
    }
    /// What it does, when to use it, what comes back.
    pub fn description(&self) -> &str {
        todo!()
    }
    /// The id of its resource.
    pub fn resource(&self) -> &str {
        todo!()
    }
    /// The HTTP method.
    pub fn method(&self) -> &Method {
        todo!()
    }
    /// The path as written, `{name}`s included.
    pub fn path(&self) -> &str {
        todo!()
    }
    /// Its parameters, required ones first, else in the order of the definition.
    pub fn parameters(&self) -> &[Parameter] {
        todo!()
    }
    /// What it does to the world.
    pub fn hints(&self) -> Hints {
        todo!()
    }
    /// OAuth scopes it needs.
    pub fn scopes(&self) -> &[String] {
        todo!()
    }
    /// The platform discourages it.
    pub fn deprecated(&self) -> bool {
        todo!()
    }
    /// Ready JSON Schema text of the arguments: an object, required members first, no others allowed.
    pub fn input_schema(&self) -> &RawValue {
        todo!()
    }
    /// Example arguments, valid against the schema.
    pub fn example(&self) -> Option<&RawValue> {
        todo!()
    }
}

#[expect(dead_code, reason = "being filled in")]
type Pending = (HashMap<String, usize>, HeaderName, HeaderValue);
