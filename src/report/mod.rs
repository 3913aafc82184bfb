//! Numbers against targets.
