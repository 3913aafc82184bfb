//! The `gridpin` command.

use std::ffi::{c_int, c_long};

// Reading makes and drops a dozen texts for every row, on several threads: what an allocator costs shows.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

unsafe extern "C" {
    /// Sets an option of the allocator.
    safe fn mi_option_set(option: c_int, value: c_long);
}

/// After how many milliseconds memory that is free goes back to the system; `mi_option_purge_delay` in `mimalloc.h`.
const PURGE_DELAY: c_int = 15;

fn main() -> std::process::ExitCode {
    // A check asks for everything again a moment later, stage by stage, and the system has to clear it anew. It ends soon.
    if std::env::args_os().nth(1).is_some_and(|command| command == "check") {
        mi_option_set(PURGE_DELAY, -1);
    }
    gridpin::cli::main()
}
