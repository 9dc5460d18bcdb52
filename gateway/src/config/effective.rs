//! The settings that apply, and where each comes from.

use std::path::Path;

use serde_json::Value;

use super::{Config, Listener, Position, Positions};

/// One setting and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveSetting {
    /// The path of the setting, such as `session.qos_max`, or `listeners.NAME.session.qos_max` where a listener
    /// differs.
    pub name: String,
    /// The value, as the file writes it.
    pub value: String,
    /// The default, or the file and line that the value comes from.
    pub source: String,
}

/// Returns all settings of a configuration, including those that have their default. `file` is the name of the
/// configuration file, and `positions` are the positions of the settings that the file contains.
#[must_use]
pub fn effective(config: &Config, file: &Path, positions: &Positions) -> Vec<EffectiveSetting> {
    let mut report = Report { file, positions, settings: Vec::new() };
    let session = to_value(&config.session);
    for (index, listener) in config.listeners().enumerate() {
        report.add_listener(index, listener, &session, &to_value(&config.session_of(listener)));
    }
    let mut sections = to_value(config);
    if let Some(sections) = sections.as_object_mut() {
        sections.remove("listeners");
        sections.insert("cores".to_owned(), config.cores().into());
    }
    report.add_all("", "", &sections);
    report.settings
}

struct Report<'a> {
    file: &'a Path,
    positions: &'a Positions,
    settings: Vec<EffectiveSetting>,
}

impl Report<'_> {
    /// Adds the settings in `value`, which are called `name` in the report and have the path `path` in the file.
    fn add_all(&mut self, name: &str, path: &str, value: &Value) {
        let Some(fields) = value.as_object() else {
            self.add(name, value, self.source(path));
            return;
        };
        for (field, value) in fields {
            self.add_all(&join(name, field), &join(path, field), value);
        }
    }

    fn add_listener(&mut self, index: usize, listener: &Listener, general: &Value, applies: &Value) {
        let (name, path) = (format!("listeners.{}", *listener.name), format!("listeners[{index}]"));
        let mut fields = to_value(listener);
        let own = fields.as_object_mut().and_then(|fields| fields.remove("session"));
        if let Some(fields) = fields.as_object_mut() {
            fields.remove("name");
            fields.retain(|_, value| !value.is_null());
            if listener.transport.is_websocket() {
                fields.insert("path".to_owned(), listener.path().into());
                fields.entry("ping_interval").or_insert_with(|| to_value(&listener.ping_interval()));
            }
        }
        self.add_all(&name, &path, &fields);
        for (field, own) in own.as_ref().and_then(Value::as_object).into_iter().flatten() {
            let (general, applies) = (&general[field.as_str()], &applies[field.as_str()]);
            let own_source = self.source(&format!("{path}.session.{field}"));
            let general_source = self.source(&format!("session.{field}"));
            let source = if applies != own {
                format!("{general_source}; stricter than {} in {own_source}", display(own))
            } else if applies != general {
                format!("{own_source}; other listeners: {} ({general_source})", display(general))
            } else {
                own_source
            };
            self.add(&format!("{name}.session.{field}"), applies, source);
        }
    }

    fn add(&mut self, name: &str, value: &Value, source: String) {
        self.settings.push(EffectiveSetting { name: name.to_owned(), value: display(value), source });
    }

    fn source(&self, path: &str) -> String {
        match self.positions.get(path) {
            Some(Position { line, .. }) => format!("{}:{line}", self.file.display()),
            None => "default".to_owned(),
        }
    }
}

fn join(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

/// Returns the value as the file writes it.
fn display(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

fn to_value(settings: &impl serde::Serialize) -> Value {
    serde_json::to_value(settings).unwrap_or_default()
}
