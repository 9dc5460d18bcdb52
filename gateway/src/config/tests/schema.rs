//! The schema has every field of the configuration, with a description, and the parser's defaults.

use serde_json::{Value, json};
use tidegate_limits::units::BOUNDS_KEYWORD;

use super::EVERY_FIELD;
use crate::config::{Config, parse, schema};

/// Follows a `$ref` into `$defs`, and an optional value to its type.
fn resolve<'a>(root: &'a Value, node: &'a Value) -> &'a Value {
    if let Some(target) = node["$ref"].as_str() {
        return resolve(root, root.pointer(target.trim_start_matches('#')).expect("a known definition"));
    }
    let alternatives = node["anyOf"].as_array().filter(|all| all.iter().any(|one| one["$ref"].is_string()));
    alternatives.map_or(node, |all| resolve(root, &all[0]))
}

/// Checks that the schema has exactly the fields of a value, each with a description.
fn compare(root: &Value, node: &Value, value: &Value, path: &str) {
    let node = resolve(root, node);
    match value {
        Value::Object(fields) => {
            let properties =
                node["properties"].as_object().unwrap_or_else(|| panic!("{path}: no properties in {node}"));
            assert_eq!(node["additionalProperties"], json!(false), "{path}");
            assert_eq!(properties.keys().collect::<Vec<_>>(), fields.keys().collect::<Vec<_>>(), "{path}");
            for (name, field) in fields {
                let path = format!("{path}/{name}");
                let description = properties[name]["description"].as_str().unwrap_or_default();
                assert!(description.len() > 10, "{path} has no description");
                compare(root, &properties[name], field, &path);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| compare(root, &node["items"], item, path)),
        _ => {}
    }
}

#[test]
fn the_schema_describes_every_field() {
    let config = serde_json::to_value(parse(EVERY_FIELD).unwrap()).unwrap();
    let schema = schema().to_value();
    compare(&schema, &schema, &config, "");
}

#[test]
fn schema_defaults_match_the_parser() {
    let schema = schema().to_value();
    let defaults = serde_json::to_value(Config::default()).unwrap();
    for section in ["session", "routing", "retained", "limits", "persistence", "log"] {
        let node = resolve(&schema, &schema["properties"][section]);
        for (name, default) in defaults[section].as_object().unwrap() {
            assert_eq!(node["properties"][name]["default"], *default, "{section}.{name}");
        }
    }
}

#[test]
fn a_listener_has_every_setting_of_sessions_without_defaults() {
    let schema = schema().to_value();
    let general = schema["$defs"]["SessionLimits"]["properties"].as_object().unwrap();
    let own = schema["$defs"]["ListenerSession"]["properties"].as_object().unwrap();
    assert_eq!(own.keys().collect::<Vec<_>>(), general.keys().collect::<Vec<_>>());
    assert!(own.values().all(|field| field.get("default").is_none()));
}

#[test]
fn the_schema_has_only_standard_keywords() {
    assert!(!schema().to_value().to_string().contains(BOUNDS_KEYWORD));
}

#[test]
fn the_schema_states_bounds_and_defaults() {
    let schema = schema().to_value();
    let session = resolve(&schema, &schema["properties"]["session"]);
    let alias = &session["properties"]["topic_alias_maximum"];
    assert_eq!(
        (&alias["minimum"], &alias["maximum"], &alias["default"]),
        (&json!(0), &json!(65_535), &json!(64))
    );
    assert_eq!(session["properties"]["packet_size_max"]["default"], json!("1MiB"));
    assert_eq!(session["properties"]["session_expiry_max"]["default"], json!("never"));
}
