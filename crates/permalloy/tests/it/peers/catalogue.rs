//! Every GitHub action, with its own example arguments, sent to the stand-in that knows GitHub's description:
//! what the definition says by itself, the request says on the wire.

use axum::http::Method;
use serde_json::{Value, json};

use super::github::GitHub;
use super::installed::specification;
use crate::exchange::PlainClient;
use crate::process::Product;

#[tokio::test]
async fn every_github_action_asks_as_github_describes_and_reads_githubs_own_examples() {
    let Some(path) = specification("github.json", "every GitHub action") else { return };
    let github = GitHub::start(&path).await;
    let product = Product::start(&[
        ("PERMALLOY_CONNECTORS_GITHUB_BASE_URL", &github.base_url),
        ("PERMALLOY_OUTBOUND_ALLOW", "127.0.0.1/32"),
    ])
    .await;
    let credential = json!({ "authenticationType": "bearer", "data": { "token": github.token } });
    product.managed(Method::POST, "/api/connectors/github/credentials", &credential).await;
    let mut client = PlainClient::new(&product.create_server(json!({ "name": "Catalogue" })).await.url);

    let resources = client.call("get_connector_resources_alloy", json!({ "connectorId": "github" })).await;
    let ids = actions(&resources["structuredContent"]);
    assert!(ids.len() >= 10, "{ids:?}");
    for id in &ids {
        let asked = json!({ "connectorId": "github", "actionId": id });
        let details = client.call("get_action_details_alloy", asked).await;
        let example = &details["structuredContent"]["action"]["example"];
        assert!(example.is_object(), "{id} has no example: {details}");
        client.execute("github", id, example.clone()).await;
    }

    let asked: Vec<_> = github.operations().iter().map(|name| name.replace('/', "_")).collect();
    // One of GitHub's operations is two actions: a file's facts, and its bytes.
    let named: Vec<_> = ids.iter().map(|id| id.strip_suffix("_raw").unwrap_or(id)).collect();
    assert_eq!(asked, named, "each action is the operation whose name it has");
}

fn actions(resources: &Value) -> Vec<String> {
    let resources = resources["resources"].as_array().expect("resources");
    let actions = resources.iter().flat_map(|resource| resource["actions"].as_array().expect("actions"));
    actions.map(|action| action["id"].as_str().expect("an id").to_owned()).collect()
}
