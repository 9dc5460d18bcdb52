//! The `tidegate` binary.

fn main() -> std::process::ExitCode {
    tidegate_gateway::cli::main()
}
