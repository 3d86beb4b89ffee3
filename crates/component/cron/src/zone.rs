//! The time zone of this machine and what the peer calls it.

use std::path::Path;

use jiff::tz::TimeZone;

/// A zone and its name in events.
#[derive(Clone, Debug)]
pub(crate) struct LocalZone {
    pub(crate) zone: TimeZone,
    pub(crate) name: String,
}

impl LocalZone {
    /// The zone of this process.
    pub(crate) fn of_process() -> Self {
        Self::of(std::env::var("TZ").ok().as_deref(), Path::new("/etc/localtime"))
    }

    /// The zone for a value of `TZ`. As Go: without `TZ` it is the machine's and is called `Local`; a zone of the
    /// database keeps its name; what cannot be read is `UTC`.
    fn of(variable: Option<&str>, machine: &Path) -> Self {
        let found = match variable {
            None => read(machine).map(|zone| (zone, "Local")),
            Some(value) => match value.strip_prefix(':').unwrap_or(value) {
                "" | "UTC" => None,
                path if path.starts_with('/') => {
                    let name = if Path::new(path) == machine { "Local" } else { path };
                    read(Path::new(path)).map(|zone| (zone, name))
                }
                name => TimeZone::get(name).ok().map(|zone| (zone, name)),
            },
        };
        let (zone, name) = found.unwrap_or((TimeZone::UTC, "UTC"));
        Self { zone, name: name.to_owned() }
    }
}

fn read(file: &Path) -> Option<TimeZone> {
    TimeZone::tzif("Local", &std::fs::read(file).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zone_is_named_as_go_names_it() {
        let nowhere = Path::new("/no/such/file");
        for (variable, expected) in [
            (None, "UTC"),
            (Some(""), "UTC"),
            (Some("UTC"), "UTC"),
            (Some("No/Such"), "UTC"),
            (Some("Asia/Tokyo"), "Asia/Tokyo"),
            (Some(":Asia/Tokyo"), "Asia/Tokyo"),
            (Some("/no/such/file"), "UTC"),
        ] {
            assert_eq!(LocalZone::of(variable, nowhere).name, expected, "{variable:?}");
        }
    }

    #[test]
    fn the_zone_of_the_machine_is_local() {
        let file = Path::new("/usr/share/zoneinfo/Asia/Tokyo");
        if file.exists() {
            let local = LocalZone::of(None, file);
            let noon = jiff::civil::date(2024, 1, 1).at(12, 0, 0, 0);
            let time = noon.to_zoned(local.zone).unwrap().timestamp();
            assert_eq!((local.name.as_str(), time.to_string().as_str()), ("Local", "2024-01-01T03:00:00Z"));
        }
    }
}
