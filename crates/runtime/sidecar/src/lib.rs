//! The sidecar as a value: config, build, spawn, drain.
