//! The `gridpin` command.

// Reading makes and drops a dozen texts for every row, on several threads: what an allocator costs shows.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    gridpin::cli::main()
}
