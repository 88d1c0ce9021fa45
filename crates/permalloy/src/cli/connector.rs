//! `permalloy connector`: definitions. Works without a database.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use connector::{Differences, Problem};
use serde_json::json;

use super::{Call, Outcome, context, table, tell, tell_json};
use crate::ops::catalogue::{self, Catalogue, Sight};

#[derive(Subcommand)]
pub(super) enum Connector {
    /// List connectors
    List,
    /// Show what one connector can do
    Show { connector_id: String },
    /// Check definition files and report every problem with its place
    Check {
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Compare a connector with the platform's own API description; exits 1 on a difference that is not listed
    Verify {
        connector_id: String,
        /// An OpenAPI, Swagger or Google discovery document, JSON or YAML
        #[arg(long)]
        against: PathBuf,
        /// A file that lists deliberate differences with their reasons
        #[arg(long)]
        differences: Option<PathBuf>,
    },
}

pub(super) fn run(call: &Call, command: Connector) -> Outcome {
    match command {
        Connector::List => list(call),
        Connector::Show { connector_id } => show(call, &connector_id),
        Connector::Check { files } => check(call, &files),
        Connector::Verify { connector_id, against, differences } => {
            verify(call, &connector_id, &against, differences.as_deref())
        }
    }
}

fn catalogue(call: &Call) -> anyhow::Result<Catalogue> {
    Catalogue::load(&context::config(call)?.connectors)
}

fn list(call: &Call) -> Outcome {
    let catalogue = catalogue(call)?;
    let connectors = catalogue::summaries(&catalogue, Sight::All, None, None);
    if call.json {
        return tell_json(&json!({ "count": connectors.len(), "connectors": connectors }));
    }
    let rows: Vec<_> = connectors
        .iter()
        .map(|connector| {
            let types = if connector.authentication_types.is_empty() {
                "none".to_owned()
            } else {
                connector.authentication_types.join(", ")
            };
            vec![
                connector.id.to_owned(),
                connector.name.to_owned(),
                connector.action_count.to_string(),
                types,
            ]
        })
        .collect();
    let actions: usize = connectors.iter().map(|connector| connector.action_count).sum();
    let text = table(&["CONNECTOR", "NAME", "ACTIONS", "CREDENTIAL"], &rows);
    tell(&format!("{text}\n{} connectors, {actions} actions", rows.len()))
}

fn show(call: &Call, id: &str) -> Outcome {
    let catalogue = catalogue(call)?;
    let entry = catalogue.find(Sight::All, id).map_err(context::told)?;
    let detail = catalogue::detail(entry, Sight::All);
    if call.json {
        return tell_json(&detail);
    }
    let mut text = format!("{} ({id}): {}\n", entry.connector.name(), entry.connector.description());
    for resource in &detail.resources {
        text.push_str(&format!("\n{}: {}\n", resource.name, resource.description));
        let rows: Vec<_> = resource
            .actions
            .iter()
            .map(|action| {
                let effect = if action.read_only {
                    "reads"
                } else if action.destructive {
                    "destroys"
                } else {
                    "changes"
                };
                vec![format!("  {}", action.id), effect.to_owned(), action.display_name.to_owned()]
            })
            .collect();
        text.push_str(&table(&["  ACTION", "EFFECT", "NAME"], &rows));
    }
    tell(&text)
}

fn check(call: &Call, files: &[PathBuf]) -> Outcome {
    let mut problems = Vec::new();
    let mut actions = 0;
    for file in files {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        match connector::Connector::parse(&text) {
            Ok(connector) => actions += connector.actions().len(),
            Err(found) => problems.extend(found.iter().map(|problem| place(file, problem))),
        }
    }
    if call.json {
        tell_json(&json!({ "files": files.len(), "actions": actions, "problems": problems }))?;
    } else {
        for problem in &problems {
            tell(problem)?;
        }
    }
    if !problems.is_empty() {
        bail!("{} problem(s) in {} file(s)", problems.len(), files.len());
    }
    if call.json { Ok(()) } else { tell(&format!("{} file(s), {actions} actions, no problems", files.len())) }
}

fn place(file: &std::path::Path, problem: &Problem) -> String {
    let mut text = file.display().to_string();
    for number in [problem.line, problem.column].into_iter().flatten() {
        text.push_str(&format!(":{number}"));
    }
    format!("{text}: {}: {}", problem.path, problem.message)
}

fn verify(
    call: &Call,
    id: &str,
    against: &std::path::Path,
    differences: Option<&std::path::Path>,
) -> Outcome {
    let catalogue = catalogue(call)?;
    let entry = catalogue.find(Sight::All, id).map_err(context::told)?;
    let description =
        std::fs::read_to_string(against).with_context(|| format!("cannot read {}", against.display()))?;
    let listed = match differences {
        Some(file) => {
            let text =
                std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            Differences::parse(&text).map_err(|found| {
                anyhow::anyhow!(found.iter().map(|each| place(file, each)).collect::<Vec<_>>().join("\n"))
            })?
        }
        None => Differences::default(),
    };
    let outcome = connector::verify(&entry.connector, &description, &listed)
        .map_err(|problem| anyhow::anyhow!(place(against, &problem)))?;
    let lines: Vec<_> = outcome
        .problems
        .iter()
        .map(|difference| format!("{}: {}", difference.action, difference.what))
        .collect();
    let outdated: Vec<_> = outcome
        .outdated
        .iter()
        .map(|difference| format!("{}: {}", difference.action, difference.what))
        .collect();
    if call.json {
        tell_json(&json!({
            "checked": outcome.checked, "found": outcome.found, "listed": outcome.listed.len(),
            "problems": lines, "outdated": outdated,
        }))?;
    } else {
        for line in &lines {
            tell(line)?;
        }
        for line in &outdated {
            tell(&format!("listed but no longer there: {line}"))?;
        }
        tell(&format!(
            "{} actions, {} found, {} difference(s) listed, {} not listed",
            outcome.checked,
            outcome.found,
            outcome.listed.len(),
            lines.len()
        ))?;
    }
    if lines.is_empty() && outdated.is_empty() {
        Ok(())
    } else {
        bail!("{id} differs from {}", against.display())
    }
}
