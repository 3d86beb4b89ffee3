//! The behaviour suite that every backend passes, driven by capability.
