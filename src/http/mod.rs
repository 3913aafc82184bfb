//! The service: axum.
