//! From a goal in words to the actions that reach it.

use std::collections::HashSet;

use serde::Serialize;

use super::{Catalogue, Sight};
use crate::error::Error;

/// The longest goal that is looked at, in characters.
const MAX_GOAL_CHARS: usize = 1_000;

/// What was found for a goal, and what to do with it.
#[derive(Serialize)]
pub(crate) struct Discovered<'a> {
    pub(crate) goal: &'a str,
    pub(crate) matches: Vec<MatchView<'a>>,
    pub(crate) steps: Vec<String>,
}

/// One action that may reach the goal.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MatchView<'a> {
    pub(crate) connector_id: &'a str,
    pub(crate) action_id: &'a str,
    pub(crate) display_name: &'a str,
    pub(crate) description: &'a str,
    /// 0 to 1, two decimals.
    pub(crate) score: f64,
    pub(crate) connected: bool,
    pub(crate) required_parameters: Vec<&'a str>,
}

/// The best actions for a goal, of all connectors or of one; `connected` holds the ids of connectors that the
/// user has a credential for.
pub(crate) fn discover<'a>(
    catalogue: &'a Catalogue,
    sight: Sight<'_>,
    goal: &'a str,
    connector_id: Option<&str>,
    limit: usize,
    connected: &HashSet<String>,
) -> Result<Discovered<'a>, Error> {
    if goal.trim().is_empty() || goal.chars().count() > MAX_GOAL_CHARS {
        return Err(Error::invalid_field("goal", format!("expected 1 to {MAX_GOAL_CHARS} characters")));
    }
    if let Some(connector_id) = connector_id {
        catalogue.find(sight, connector_id)?;
    }
    let allowed = |connector: &str, action: &str| {
        connector_id.is_none_or(|only| only == connector) && sight.action(connector, action).is_ok()
    };
    let mut matches = Vec::new();
    for found in catalogue.index().search(goal, allowed, limit) {
        let Some(entry) = catalogue.connector(found.connector) else { continue };
        let Some(action) = entry.connector.action(found.action) else { continue };
        let required = action.parameters().iter().filter(|parameter| parameter.required);
        matches.push(MatchView {
            connector_id: entry.connector.id(),
            action_id: action.id(),
            display_name: action.display_name(),
            description: action.description(),
            score: (f64::from(found.score) * 100.0).round() / 100.0,
            connected: entry.connector.auth().is_empty() || connected.contains(&*entry.id),
            required_parameters: required.map(|parameter| parameter.name.as_str()).collect(),
        });
    }
    Ok(Discovered { goal, steps: steps(&matches), matches })
}

/// What to call next, for the best match.
fn steps(matches: &[MatchView<'_>]) -> Vec<String> {
    let Some(best) = matches.first() else {
        return vec![
            "Nothing fits these words. Call list_connectors_alloy to see which platforms there are."
                .to_owned(),
        ];
    };
    let MatchView { connector_id, action_id, .. } = best;
    let mut steps = Vec::new();
    if !best.connected {
        steps.push(format!(
            "Connect {connector_id}: call get_credential_metadata_alloy with connectorId \"{connector_id}\", then \
             create_credential_alloy."
        ));
    }
    steps.push(format!(
        "Call get_action_details_alloy with connectorId \"{connector_id}\" and actionId \"{action_id}\" to see its \
         parameters."
    ));
    steps.push(format!(
        "Call execute_action_alloy with connectorId \"{connector_id}\", actionId \"{action_id}\" and parameters."
    ));
    steps
}
