//! The `gridpin` command.

fn main() {}
