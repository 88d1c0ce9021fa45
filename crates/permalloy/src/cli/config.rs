//! `permalloy config`.

use clap::Subcommand;
use serde_json::json;

use super::{Call, Outcome, context, table, tell, tell_json};
use crate::config::reference;

#[derive(Subcommand)]
pub(super) enum Config {
    /// Show every setting in force and where it comes from; secrets as ***
    Show,
    /// Check the configuration and report all problems
    Check,
    /// Print what every setting means, as Markdown
    Reference,
}

pub(super) fn run(call: &Call, command: &Config) -> Outcome {
    if matches!(command, Config::Reference) {
        return tell(&reference::page());
    }
    let config = context::config(call)?;
    match command {
        Config::Reference => Ok(()),
        Config::Check if call.json => tell_json(&json!({ "valid": true })),
        Config::Check => tell("the configuration is valid"),
        Config::Show if call.json => {
            let settings: Vec<_> = config
                .show()
                .iter()
                .map(|setting| json!({ "key": setting.key, "value": setting.value, "origin": setting.origin.to_string() }))
                .collect();
            tell_json(&settings)
        }
        Config::Show => {
            let rows: Vec<_> = config
                .show()
                .iter()
                .map(|setting| vec![setting.key.clone(), setting.value.clone(), setting.origin.to_string()])
                .collect();
            tell(&table(&["SETTING", "VALUE", "FROM"], &rows))
        }
    }
}
