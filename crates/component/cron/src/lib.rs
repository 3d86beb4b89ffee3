//! The cron input binding.
