//! Real servers from Debian's packages, on private ports and directories.
