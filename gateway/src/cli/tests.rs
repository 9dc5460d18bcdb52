//! Tests of the command line: valid and invalid arguments, the help, and the units of times.

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use super::{Arguments, value};

fn parse(line: &str) -> Result<Arguments, ErrorKind> {
    Arguments::try_parse_from(line.split_whitespace()).map_err(|error| error.kind())
}

#[test]
fn the_command_line_definition_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn valid_command_lines_are_accepted() {
    for line in [
        "tidegate serve",
        "tidegate serve --config a.yaml --data d --log-format json --log-level debug",
        "tidegate check --config a.yaml",
        "tidegate schema",
        "tidegate snapshot f --data d",
        "tidegate restore f --data d --replace",
        "tidegate store check",
        "tidegate store check --data d",
        "tidegate store stats --file f --json",
        "tidegate pub -t a -m -1",
        "tidegate pub -t a -n -r -q 2 --url wss://host/path --ca ca.pem --insecure",
        "tidegate pub -t a -f file --repeat 3 --repeat-delay 1",
        "tidegate pub -t a -l -i me -c -x never -k 0 -V 3.1.1 -u me --password-env PASSWORD",
        "tidegate pub -t a -s --will-topic w --will-payload bye --will-qos 1 --will-delay 5 --will-user-property a=b",
        "tidegate pub -t a -m b --content-type c --response-topic d --correlation-data e --message-expiry 10m \
         --user-property a=b --user-property a=c --topic-alias 1 --payload-utf8",
        "tidegate sub -t a -t $share/g/b/# -q 1 -C 3 -W 10 -v --format json",
        "tidegate sub -t a --no-local --retain-as-published --retain-handling 2 --subscription-identifier 268435455",
        "tidegate sub -t a --url unix:///run/tidegate.sock --username me --password-file f --cafile ca.pem",
    ] {
        assert!(parse(line).is_ok(), "{line}: {:?}", parse(line).unwrap_err());
    }
}

#[test]
fn invalid_command_lines_are_refused() {
    use ErrorKind::{
        ArgumentConflict, InvalidSubcommand, MissingRequiredArgument, UnknownArgument, ValueValidation,
    };
    for (line, expected) in [
        ("tidegate", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand),
        ("tidegate fly", InvalidSubcommand),
        ("tidegate check", MissingRequiredArgument),
        ("tidegate snapshot", MissingRequiredArgument),
        ("tidegate restore --replace", MissingRequiredArgument),
        ("tidegate store", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand),
        ("tidegate store check --data d --file f", ArgumentConflict),
        ("tidegate store check f", UnknownArgument),
        ("tidegate pub -m a", MissingRequiredArgument),
        ("tidegate pub -t a", MissingRequiredArgument),
        ("tidegate pub -t a -m b -n", ArgumentConflict),
        ("tidegate pub -t a -l --repeat 2", ArgumentConflict),
        ("tidegate pub -t a/# -m b", ValueValidation),
        ("tidegate pub -t a -m b -q 3", ValueValidation),
        ("tidegate pub -t a -m b -V 4", ValueValidation),
        ("tidegate pub -t a -m b --url http://host", ValueValidation),
        ("tidegate pub -t a -m b --url mqtt://me:secret@host", ValueValidation),
        ("tidegate pub -t a -m b --user-property a", ValueValidation),
        ("tidegate pub -t a -m b --topic-alias 0", ValueValidation),
        ("tidegate pub -t a -m b --no-clean-start", MissingRequiredArgument),
        ("tidegate pub -t a -m b --will-payload c", MissingRequiredArgument),
        ("tidegate pub -t a -m b --password secret", UnknownArgument),
        ("tidegate pub -t a -m b --password-file f", MissingRequiredArgument),
        ("tidegate sub", MissingRequiredArgument),
        ("tidegate sub -t a#", ValueValidation),
        ("tidegate sub -t a -C 0", ValueValidation),
        ("tidegate sub -t a --retain-handling 3", ValueValidation),
        ("tidegate sub -t a --subscription-identifier 0", ValueValidation),
    ] {
        assert_eq!(parse(line).expect_err(line), expected, "{line}");
    }
}

#[test]
fn the_help_of_every_command_lists_the_exit_codes() {
    for name in ["serve", "check", "snapshot", "restore", "store", "pub", "sub"] {
        let mut command = Arguments::command();
        let help = command.find_subcommand_mut(name).unwrap().render_long_help().to_string();
        assert!(help.contains("Exit codes:"), "{name}");
    }
}

#[test]
fn times_are_seconds_or_have_a_unit() {
    let cases = [
        ("0", Ok(0)),
        ("30", Ok(30)),
        ("10m", Ok(600)),
        ("1500ms", Ok(2)),
        ("10x", Err(())),
        ("-1", Err(())),
    ];
    for (text, expected) in cases {
        assert_eq!(value::parse_seconds(text).map_err(drop), expected, "{text}");
    }
    assert_eq!(value::parse_session_expiry("never"), Ok(u32::MAX));
    assert!(value::parse_seconds("never").is_err());
}
