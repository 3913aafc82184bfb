//! The `gridpin` command.

fn main() -> std::process::ExitCode {
    gridpin::cli::main()
}
