//! The connectors there are: those built into the program and those of `connectors.dir`, read once at start.
//! Everything that shows them asks [`Sight`] what may be seen, which asks the restrictions' one decision.

mod load;
mod search;
mod view;

use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use connector::{Action, BaseUrl, Connector, Index};

pub(crate) use search::discover;
pub(crate) use view::{actions, briefs, detail, resources, summaries};

use crate::{
    access::{
        Client,
        restrictions::{Denied, Pattern, Question, Restrictions},
    },
    error::{Detail, Error, Noun},
    nearest::nearest,
};

/// How much of an id that is not there is repeated, in characters.
const MAX_SHOWN_ID: usize = 128;

/// All connectors, by id.
pub(crate) struct Catalogue {
    /// In the order of their ids.
    entries: Vec<Arc<Entry>>,
    by_id: HashMap<Arc<str>, usize>,
    index: OnceLock<Index>,
}

/// A connector with what this installation adds to it.
pub(crate) struct Entry {
    pub(crate) id: Arc<str>,
    pub(crate) connector: Connector,
    /// The configured address instead of the definition's.
    pub(crate) base_url: Option<BaseUrl>,
    /// The icon as a data URL.
    pub(crate) icon: Option<String>,
    /// Beside [`Connector::actions`], in the same order.
    ready: Vec<Ready>,
    places: HashMap<Box<str>, usize>,
}

/// What is ready of one action.
struct Ready {
    id: Arc<str>,
    /// `{"action":{…}}`, written when it is first asked for.
    detail: OnceLock<Bytes>,
    /// The same as the members of a tool's result.
    members: OnceLock<Bytes>,
}

/// One action of one connector, found.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) entry: Arc<Entry>,
    place: usize,
}

/// What somebody may see of the catalogue.
#[derive(Clone, Copy)]
pub(crate) enum Sight<'a> {
    /// Everything: the management API has no server whose restrictions could be asked.
    All,
    /// What a server allows.
    Through(&'a Restrictions),
}

impl<'a> From<&'a Client> for Sight<'a> {
    fn from(client: &'a Client) -> Self {
        Self::Through(&client.server.restrictions)
    }
}

impl Sight<'_> {
    /// Whether a connector may be seen and used.
    pub(crate) fn connector(self, connector: &str) -> Result<(), Denied> {
        match self {
            Self::All => Ok(()),
            Self::Through(restrictions) => restrictions.decide(Question::Connector(connector)),
        }
    }

    /// Whether an action may be seen and used.
    pub(crate) fn action(self, connector: &str, action: &str) -> Result<(), Denied> {
        match self {
            Self::All => Ok(()),
            Self::Through(restrictions) => restrictions.decide(Question::Action { connector, action }),
        }
    }
}

impl Catalogue {
    /// The connector of that id.
    pub(crate) fn connector(&self, id: &str) -> Option<&Arc<Entry>> {
        self.by_id.get(id).and_then(|place| self.entries.get(*place))
    }

    /// All connectors in the order of their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.iter()
    }

    /// The connectors that may be seen, in the order of their ids.
    pub(crate) fn visible<'a>(&'a self, sight: Sight<'a>) -> impl Iterator<Item = &'a Arc<Entry>> {
        self.entries.iter().filter(move |entry| sight.connector(&entry.id).is_ok())
    }

    /// A connector that is to be used: it has to be there and allowed.
    pub(crate) fn find(&self, sight: Sight<'_>, id: &str) -> Result<&Arc<Entry>, Error> {
        let Some(entry) = self.connector(id) else {
            let ids = self.visible(sight).map(|entry| entry.id.to_string());
            return Err(not_found(Noun::Connector, "connectorId", id, ids));
        };
        sight.connector(&entry.id)?;
        Ok(entry)
    }

    /// An action that is to be used: it has to be there and allowed.
    pub(crate) fn find_action(
        &self,
        sight: Sight<'_>,
        connector: &str,
        action: &str,
    ) -> Result<Found, Error> {
        let entry = self.find(sight, connector)?;
        let Some(place) = entry.places.get(action) else {
            let ids = entry.visible(sight).map(|action| action.id().to_owned());
            return Err(not_found(Noun::Action, "actionId", action, ids));
        };
        sight.action(&entry.id, action)?;
        Ok(Found { entry: Arc::clone(entry), place: *place })
    }

    /// Whether an action entry of a restriction stands for anything here.
    pub(crate) fn known_action(&self, pattern: &Pattern) -> bool {
        self.entries.iter().any(|entry| {
            let mut actions = entry.connector.actions().iter();
            actions.any(|action| {
                pattern.matches(action.id()) || pattern.matches(&format!("{}.{}", entry.id, action.id()))
            })
        })
    }

    /// The search index, built when it is first asked.
    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let entries = self.entries.iter();
            Index::build(entries.flat_map(|entry| {
                entry.connector.actions().iter().map(move |action| (&entry.connector, action))
            }))
        })
    }
}

impl Deref for Entry {
    type Target = Connector;

    fn deref(&self) -> &Connector {
        &self.connector
    }
}

impl Entry {
    fn new(connector: Connector, base_url: Option<BaseUrl>, icon: Option<String>) -> Self {
        let actions = connector.actions();
        let ready = actions
            .iter()
            .map(|action| Ready { id: action.id().into(), detail: OnceLock::new(), members: OnceLock::new() })
            .collect();
        let places = actions.iter().enumerate().map(|(place, action)| (action.id().into(), place)).collect();
        Self { id: connector.id().into(), base_url, icon, ready, places, connector }
    }

    /// The actions that may be seen, in the order of the definition.
    pub(crate) fn visible<'a>(&'a self, sight: Sight<'a>) -> impl Iterator<Item = &'a Action> {
        let actions = self.connector.actions().iter();
        actions.filter(move |action| sight.action(&self.id, action.id()).is_ok())
    }

    /// The contract's `authenticationTypes`, best first; none for open data.
    pub(crate) fn authentication_types(&self) -> Vec<&'static str> {
        self.connector.auth().iter().map(|method| method.kind.as_str()).collect()
    }
}

impl Found {
    /// The action itself.
    pub(crate) fn action(&self) -> &Action {
        self.entry
            .connector
            .actions()
            .get(self.place)
            .expect("a place is made from the connector's own actions")
    }

    /// The action's id, shared.
    pub(crate) fn action_id(&self) -> &Arc<str> {
        &self.ready().id
    }

    /// `{"action":{…}}`, as the contract shows an action, ready to be sent.
    pub(crate) fn detail(&self) -> &Bytes {
        self.ready().detail.get_or_init(|| view::action_detail(self.action()))
    }

    /// The same as the members of a successful tool result, ready to be sent.
    pub(crate) fn tool_members(&self) -> &Bytes {
        self.ready().members.get_or_init(|| {
            let mut members = Vec::new();
            mcp::write_tool_members(&mut members, &String::from_utf8_lossy(self.detail()), false);
            members.into()
        })
    }

    fn ready(&self) -> &Ready {
        self.entry.ready.get(self.place).expect("there is one for each of the connector's actions")
    }
}

/// With the nearest name that the caller may see.
fn not_found(noun: Noun, field: &str, id: &str, visible: impl Iterator<Item = String>) -> Error {
    let id: String = id.chars().take(MAX_SHOWN_ID).collect();
    let nearest =
        nearest(&id, visible).map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"));
    let problem = format!("there is no {id:?}{nearest}");
    Error::not_found(noun).with_details(vec![Detail { field: field.into(), problem }])
}

#[cfg(test)]
mod tests;
