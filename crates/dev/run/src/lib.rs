//! Running applications with their sidecars: run files, processes, output.
