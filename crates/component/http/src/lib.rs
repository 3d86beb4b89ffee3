//! The HTTP output binding.
