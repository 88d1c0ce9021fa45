//! Any text is a connector or a list of problems, never a panic and never an empty list; what is accepted
//! has a readable input schema for each action, and its actions are found by their ids.
#![no_main]

use connector::{Connector, validate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Connector::parse(text) {
        Ok(connector) => {
            for action in connector.actions() {
                serde_json::from_str::<serde_json::Value>(action.input_schema().get())
                    .expect("a schema is JSON");
                assert_eq!(connector.action(action.id()).map(|found| found.id()), Some(action.id()));
                if let Some(example) = action.example() {
                    assert!(validate(action, example).is_ok(), "the example of {} is valid", action.id());
                }
            }
        }
        Err(problems) => assert!(!problems.is_empty(), "a refusal has a reason"),
    }
});
