//! `tidegate store stats`: counts the records of a store.

use std::io::{self, Write};

use clap::Args;
use serde_json::{Map, Value, json};
use tidegate_persistence::{Contents, Maintenance, TenantContents};

use super::SourceArguments;
use crate::cli::exit::{self, Failure};

/// The arguments of `store stats`.
#[derive(Debug, Args)]
#[command(after_help = exit::EXIT_CODES_HELP)]
pub struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Prints the counts and sizes.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let contents = arguments.source.read(Maintenance::contents)?;
    if arguments.json {
        writeln!(io::stdout(), "{}", to_json(&contents))?;
    } else {
        print(&contents, &mut io::stdout().lock())?;
    }
    Ok(())
}

fn print(contents: &Contents, output: &mut impl Write) -> io::Result<()> {
    for (name, number) in named_counts(contents) {
        writeln!(output, "{name:<14} {number}")?;
    }
    for (tenant, TenantContents { sessions, retained }) in &contents.tenants {
        writeln!(output, "tenant {tenant:?}: sessions {sessions}, retained {retained}")?;
    }
    Ok(())
}

fn to_json(contents: &Contents) -> Value {
    let numbers =
        named_counts(contents).into_iter().map(|(name, number)| (name.to_owned(), Value::from(number)));
    let mut object: Map<_, _> = numbers.collect();
    let tenants = contents.tenants.iter().map(|(tenant, TenantContents { sessions, retained })| {
        (tenant.to_string(), json!({ "sessions": sessions, "retained": retained }))
    });
    object.insert("tenants".to_owned(), Value::Object(tenants.collect()));
    Value::Object(object)
}

fn named_counts(contents: &Contents) -> [(&'static str, u64); 10] {
    [
        ("schema", contents.schema.into()),
        ("sessions", contents.sessions),
        ("subscriptions", contents.subscriptions),
        ("messages", contents.messages),
        ("entries", contents.entries),
        ("received_ids", contents.received),
        ("retained", contents.retained),
        ("used_bytes", contents.used_bytes),
        ("file_bytes", contents.file_bytes),
        ("map_bytes", contents.map_bytes),
    ]
}
