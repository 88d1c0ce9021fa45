//! `permalloy migrate`.

use super::{Call, Outcome, context, tell, tell_json};

pub(super) async fn run(call: Call) -> Outcome {
    let config = context::config(&call)?;
    crate::app::make_data_directory(&config)?;
    let options = store::OpenOptions { max_connections: 1, ..store::OpenOptions::default() };
    let db = store::Db::open(config.database.url.expose(), options).await?;
    let applied: Vec<String> =
        db.migrate().await?.into_iter().map(|migration| migration.name.to_string()).collect();
    db.close().await;
    if call.json {
        return tell_json(&serde_json::json!({ "applied": applied }));
    }
    if applied.is_empty() {
        tell("the schema is up to date")
    } else {
        tell(&format!("applied: {}", applied.join(", ")))
    }
}
