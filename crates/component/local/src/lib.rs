//! Secrets from a local file and from the environment.
