//! The rules and what they find: pure functions of records, no IO.
