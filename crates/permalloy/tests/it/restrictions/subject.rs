//! One end user at one server, and every way in which it can ask: MCP of both eras, and the management API's view of
//! the server. It gives back what the product said, in one form for all ways.

use serde_json::{Value, json};

use crate::world::{Call, Era, Key, Reply, Server, World, escaped, text};

/// How the user asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Mcp(Era),
    Rest,
}

impl Way {
    pub(super) const ALL: [Self; 3] = [Self::Mcp(Era::Legacy), Self::Mcp(Era::Stateless), Self::Rest];
}

pub(super) struct Subject<'w> {
    pub(super) world: &'w World,
    pub(super) admin: Key,
    pub(super) server: Server,
    pub(super) user: &'w str,
}

impl Subject<'_> {
    pub(super) async fn mcp(&self, era: Era, method: &str, params: Value) -> Reply {
        let call = era.call(&self.server.path(), method, params);
        self.world.send(call.header("x-alloy-userid", self.user)).await
    }

    pub(super) async fn rest(&self, method: &str, rest: &str, body: &Value) -> Reply {
        let path = format!("/api/servers/{}/{rest}", self.server.id);
        let call = Call::new(method, &path).bearer(&self.admin.secret).header("x-alloy-userid", self.user);
        self.world.send(if body.is_null() { call } else { call.json(body) }).await
    }

    /// Calls a tool: its structured result, or code and message of its failure.
    pub(super) async fn tool(
        &self,
        way: Way,
        name: &str,
        arguments: Value,
    ) -> Result<Value, (String, String)> {
        let result = match way {
            Way::Mcp(era) => {
                let reply =
                    self.mcp(era, "tools/call", json!({ "name": name, "arguments": arguments })).await;
                reply.ok()["result"].clone()
            }
            Way::Rest => self.rest("POST", &format!("tools/{name}"), &arguments).await.ok(),
        };
        assert!(result.is_object(), "{way:?} {name} is answered by a result: {result}");
        let structured = result["structuredContent"].clone();
        if result["isError"] == true {
            let error = &structured["error"];
            return Err((text(error, "code"), text(error, "message")));
        }
        Ok(structured)
    }

    /// The names of all tools, page by page.
    pub(super) async fn tools(&self, way: Way) -> Vec<String> {
        let (mut names, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let page = match way {
                Way::Mcp(era) => {
                    let params =
                        cursor.as_ref().map_or_else(|| json!({}), |cursor| json!({ "cursor": cursor }));
                    self.mcp(era, "tools/list", params).await.ok()["result"].clone()
                }
                Way::Rest => {
                    let query =
                        cursor.map_or_else(String::new, |cursor| format!("?cursor={}", escaped(&cursor)));
                    self.rest("GET", &format!("tools{query}"), &Value::Null).await.ok()
                }
            };
            names.extend(page["tools"].as_array().expect("tools").iter().map(|tool| text(tool, "name")));
            match page["nextCursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return names,
            }
        }
    }

    /// The text of a resource, if there is one.
    pub(super) async fn resource(&self, way: Way, uri: &str) -> Option<String> {
        let contents = match way {
            Way::Mcp(era) => {
                let reply = self.mcp(era, "resources/read", json!({ "uri": uri })).await.ok();
                if let Some(error) = reply.get("error") {
                    assert_eq!(error["message"], "Resource not found", "{uri}");
                    assert_eq!(error["code"], if era == Era::Legacy { -32002 } else { -32602 }, "{uri}");
                    return None;
                }
                reply["result"]["contents"].clone()
            }
            Way::Rest => {
                let reply =
                    self.rest("GET", &format!("resources/read?uri={}", escaped(uri)), &Value::Null).await;
                if reply.status == 404 {
                    assert_eq!(reply.json()["code"], "NOT_FOUND", "{uri}");
                    return None;
                }
                reply.ok()["contents"].clone()
            }
        };
        assert_eq!(contents.as_array().map(Vec::len), Some(1), "{uri}");
        Some(text(&contents[0], "text"))
    }

    /// The completions of an argument of the prompt `run_action`.
    pub(super) async fn completions(&self, era: Era, argument: &str, connector: Option<&str>) -> Vec<String> {
        let mut params = json!({
            "ref": { "type": "ref/prompt", "name": "run_action" }, "argument": { "name": argument, "value": "" },
        });
        if let Some(connector) = connector {
            params["context"] = json!({ "arguments": { "connectorId": connector } });
        }
        let reply = self.mcp(era, "completion/complete", params).await.ok();
        let values = reply["result"]["completion"]["values"].as_array().expect("values");
        values.iter().map(|value| value.as_str().expect("a text").to_owned()).collect()
    }
}
