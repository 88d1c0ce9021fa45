//! The shapes of results, as the schemas of the protocol have them.

use serde::Serialize;
use serde_json::{Value, json};

use super::*;

fn shape(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn who_the_server_is_and_what_it_can_do() {
    let capabilities = ServerCapabilities {
        completions: Some(Map::new()),
        prompts: Some(ListChanged { list_changed: true }),
        resources: Some(ResourceCapability { subscribe: false, list_changed: true }),
        ..ServerCapabilities::default()
    };
    let server_info = Implementation { name: "n".into(), version: "1".into(), ..Implementation::default() };
    let expected = json!({
        "completions": {}, "prompts": { "listChanged": true }, "resources": { "subscribe": false, "listChanged": true }
    });
    let initialize = InitializeResult {
        protocol_version: Version::V2025_06_18,
        capabilities: &capabilities,
        server_info: &server_info,
        instructions: "",
    };
    assert_eq!(
        shape(initialize),
        json!({ "protocolVersion": "2025-06-18", "capabilities": expected, "serverInfo": { "name": "n", "version": "1" } })
    );
    let discover = DiscoverResult {
        supported_versions: &Version::SUPPORTED,
        capabilities: &capabilities,
        instructions: "i",
    };
    assert_eq!(
        shape(discover),
        json!({
            "supportedVersions": ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"],
            "capabilities": expected, "instructions": "i"
        })
    );
}

#[test]
fn a_tool_says_what_it_takes_and_does() {
    let schema = json!({ "type": "object" });
    let tool = Tool {
        name: "t".into(),
        title: Some("T".into()),
        description: None,
        input_schema: Cow::Borrowed(&schema),
        output_schema: None,
        annotations: Some(ToolAnnotations { read_only_hint: Some(true), ..ToolAnnotations::default() }),
        icons: Vec::new(),
    };
    let list = list_result("tools", &[tool], Some("c")).unwrap();
    assert_eq!(
        list,
        r#"{"tools":[{"name":"t","title":"T","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}],"nextCursor":"c"}"#
    );
}

#[test]
fn contents_are_text_or_blob() {
    let text =
        ResourceContents::Text { uri: "a:".into(), mime_type: Some("text/plain".into()), text: "x".into() };
    let blob = ResourceContents::Blob { uri: "b:".into(), mime_type: None, blob: "eA==".into() };
    assert_eq!(
        shape(ReadResult { contents: vec![text, blob] }),
        json!({ "contents": [{ "uri": "a:", "mimeType": "text/plain", "text": "x" }, { "uri": "b:", "blob": "eA==" }] })
    );
}

#[test]
fn a_prompt_is_made_of_messages() {
    let resource = Resource {
        uri: "a:".into(),
        name: "n".into(),
        title: None,
        description: None,
        mime_type: Some("text/plain".into()),
        size: Some(3),
    };
    let contents = [
        Content::Text { text: "x".into() },
        Content::Image { data: "eA==".into(), mime_type: "image/png".into() },
        Content::Audio { data: "eA==".into(), mime_type: "audio/wav".into() },
        Content::Resource {
            resource: ResourceContents::Text { uri: "a:".into(), mime_type: None, text: "x".into() },
        },
        Content::ResourceLink(resource),
    ];
    let messages = contents.map(|content| PromptMessage { role: Role::User, content });
    let shown = shape(PromptResult { description: None, messages: messages.into() });
    let contents: Vec<&Value> =
        shown["messages"].as_array().unwrap().iter().map(|message| &message["content"]).collect();
    assert_eq!(
        json!(contents),
        json!([
            { "type": "text", "text": "x" },
            { "type": "image", "data": "eA==", "mimeType": "image/png" },
            { "type": "audio", "data": "eA==", "mimeType": "audio/wav" },
            { "type": "resource", "resource": { "uri": "a:", "text": "x" } },
            { "type": "resource_link", "uri": "a:", "name": "n", "mimeType": "text/plain", "size": 3 }
        ])
    );
    assert_eq!(shown["messages"][0]["role"], "user");
}

#[test]
fn completions_are_cut_at_a_hundred() {
    let values: Vec<Cow<'_, str>> = (0..150).map(|number| number.to_string().into()).collect();
    let cut: Value = serde_json::from_str(&completion_result(&values, 200)).unwrap();
    assert_eq!(cut["completion"]["values"].as_array().unwrap().len(), 100);
    assert_eq!((&cut["completion"]["total"], &cut["completion"]["hasMore"]), (&json!(200), &json!(true)));
    assert_eq!(completion_result(&[], 0), r#"{"completion":{"values":[],"total":0,"hasMore":false}}"#);
}

#[test]
fn a_wish_for_input_has_requests_or_state() {
    assert_eq!(input_required(&Map::new(), Some("s")), r#"{"requestState":"s"}"#);
}
