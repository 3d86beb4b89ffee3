//! Sidecars and fake apps as a vocabulary for tests.
