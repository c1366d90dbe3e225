//! What a developer's machine needs and a cluster never sees: a private
//! PostgreSQL and example documents.

mod cluster;
pub mod examples;
mod programs;

pub use cluster::{Cluster, ClusterError, Options};
