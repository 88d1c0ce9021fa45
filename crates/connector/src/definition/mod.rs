//! A checked definition: what a connector means. Made only by [`Connector::parse`], so that whoever holds one
//! knows that ids are unique, templates compile and every reference inside it resolves.

mod auth;
pub(crate) mod members;
pub(crate) mod node;
mod read;
mod read_action;
mod read_auth;
mod read_parameter;
pub(crate) mod rules;
pub(crate) mod template;

use std::collections::HashMap;
use std::fmt;

use http::{HeaderMap, HeaderName, Method};
use regex::Regex;
use serde_json::value::RawValue;

use self::rules::{AnswerRules, Paging};
use self::template::Piece;
use crate::credential::AuthType;
use crate::request::BaseUrl;
use crate::scan::Pointer;
use crate::schema::Schema;

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
pub struct Connector {
    id: String,
    name: String,
    description: String,
    categories: Vec<String>,
    documentation: Option<String>,
    base_text: String,
    pub(crate) base: Base,
    pub(crate) variables: Vec<Variable>,
    auth: Vec<AuthMethod>,
    resources: Vec<Resource>,
    actions: Vec<Action>,
    by_id: HashMap<String, usize>,
}

/// Where requests go.
#[derive(Debug)]
pub(crate) enum Base {
    Fixed(BaseUrl),
    /// To be filled with the values of variables.
    Template(Vec<Piece>),
}

/// A part of the base URL that the credential brings.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) pattern: Regex,
    pub(crate) default: Option<String>,
}

impl Connector {
    /// Reads and checks a definition in YAML or JSON. Total on any text: at most 2 MiB, 64 levels, 5,000 actions.
    ///
    /// # Errors
    /// Every problem found, in the order of the text.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        read::connector(text)
    }
    /// `[a-z][a-z0-9]*`, at most 64 characters.
    pub fn id(&self) -> &str {
        &self.id
    }
    /// The platform's name as people write it.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// One sentence for an assistant.
    pub fn description(&self) -> &str {
        &self.description
    }
    /// Categories, lower case, at least one.
    pub fn categories(&self) -> &[String] {
        &self.categories
    }
    /// Address of the platform's public documentation.
    pub fn documentation(&self) -> Option<&str> {
        self.documentation.as_deref()
    }
    /// The declared base URL as written, `{variable}`s included.
    pub fn base_url(&self) -> &str {
        &self.base_text
    }
    /// Ways to authenticate, best first, at most one of each type. Empty: open data, no credential needed.
    pub fn auth(&self) -> &[AuthMethod] {
        &self.auth
    }
    /// The way of that type.
    pub fn auth_method(&self, kind: AuthType) -> Option<&AuthMethod> {
        self.auth().iter().find(|method| method.kind == kind)
    }
    /// Named groups of actions, in the order of the definition.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }
    /// All actions in the order of the definition; those of one resource stand together.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }
    /// The actions of one of this connector's resources.
    pub fn resource_actions(&self, resource: &Resource) -> &[Action] {
        self.actions.get(resource.actions.clone()).unwrap_or_default()
    }
    /// The action of that id, compared exactly.
    pub fn action(&self, id: &str) -> Option<&Action> {
        self.by_id.get(id).and_then(|index| self.actions.get(*index))
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
    /// Whether the default is sent when the call names no value.
    pub(crate) send_default: bool,
    pub(crate) style: Style,
    /// The string holds bytes in base64.
    pub(crate) base64: bool,
    /// `wire`, taken apart at `/`.
    pub(crate) wire_path: Vec<String>,
    /// `Some` for headers.
    pub(crate) header: Option<HeaderName>,
}

/// How lists and objects are written in a query or form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `a=1&a=2`; objects as `a[k]=v`.
    Repeat,
    /// `a[0]=1&a[k]=v`, nested.
    Brackets,
    /// `a[]=1&a[]=2`; objects as `a[k]=v`.
    EmptyBrackets,
    /// `a=1,2`; objects as `a=k,v`.
    CommaSeparated,
    /// `a=1%202`.
    SpaceDelimited,
    /// `a=1|2`, encoded.
    PipeDelimited,
    /// The value as JSON text.
    Json,
    /// In a path: several segments, `a/b`, none of them empty or made of dots.
    Segments,
    /// In a path: one segment in which `/` is written `%2F`.
    EncodedSlash,
}

/// How the body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    None,
    Json,
    Form,
    Multipart,
    /// The bytes of the one body parameter.
    Raw,
}

/// One operation of a platform.
#[derive(Debug)]
pub struct Action {
    id: String,
    display_name: String,
    description: String,
    resource: String,
    method: Method,
    path: String,
    parameters: Vec<Parameter>,
    hints: Hints,
    scopes: Vec<String>,
    deprecated: bool,
    input_schema: Box<RawValue>,
    example: Option<Box<RawValue>>,
    /// The action's own address, where it differs from the connector's.
    pub(crate) base: Option<Base>,
    pub(crate) path_pieces: Vec<PathPiece>,
    /// `input_schema`, compiled; its properties are the parameters in their order.
    pub(crate) schema: Schema,
    pub(crate) encoding: Encoding,
    /// The parameter that is the whole body.
    pub(crate) body_root: Option<usize>,
    /// The GraphQL document as a JSON string.
    pub(crate) graphql: Option<String>,
    /// Fixed headers of connector and action, content type and accept included.
    pub(crate) headers: HeaderMap,
    pub(crate) rules: AnswerRules,
    pub(crate) items: Option<Pointer>,
    pub(crate) total: Option<Pointer>,
    pub(crate) paging: Option<Paging>,
    /// Dotted member names kept of each item, taken apart.
    pub(crate) projection: Vec<Vec<String>>,
    pub(crate) binary: bool,
}

/// A piece of an action's path.
#[derive(Debug)]
pub(crate) enum PathPiece {
    Literal(String),
    Parameter(usize),
}

impl Action {
    /// The platform's own name, `[A-Za-z0-9_.-]{1,128}`.
    pub fn id(&self) -> &str {
        &self.id
    }
    /// A short name for people.
    pub fn display_name(&self) -> &str {
        &self.display_name
    }
    /// What it does, when to use it, what comes back.
    pub fn description(&self) -> &str {
        &self.description
    }
    /// The id of its resource.
    pub fn resource(&self) -> &str {
        &self.resource
    }
    /// The HTTP method.
    pub fn method(&self) -> &Method {
        &self.method
    }
    /// The path as written, `{name}`s included.
    pub fn path(&self) -> &str {
        &self.path
    }
    /// Its parameters, required ones first, else in the order of the definition.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }
    /// What it does to the world.
    pub fn hints(&self) -> Hints {
        self.hints
    }
    /// OAuth scopes it needs.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }
    /// The platform discourages it.
    pub fn deprecated(&self) -> bool {
        self.deprecated
    }
    /// Ready JSON Schema text of the arguments: an object, required members first, no others allowed.
    pub fn input_schema(&self) -> &RawValue {
        &self.input_schema
    }
    /// Example arguments, valid against the schema.
    pub fn example(&self) -> Option<&RawValue> {
        self.example.as_deref()
    }
}

#[cfg(test)]
mod tests;
