//! Which environment variables a resource may read.

/// The variable with the names of what may be read, parted by spaces; the peer's injector sets it.
const ALLOW_LIST: &str = "DAPR_ENV_KEYS";

/// Whether a resource may read the environment variable `name`: never the application's token and the runtime's own
/// variables, and if there is a list of what may be read (`DAPR_ENV_KEYS`), only what it names in capital letters.
pub fn is_environment_allowed(name: &str, environment: &dyn Fn(&str) -> Option<String>) -> bool {
    let name = name.to_uppercase();
    if name.is_empty() || name == "APP_API_TOKEN" || name.starts_with("DAPR_") || name.contains(' ') {
        return false;
    }
    match environment(ALLOW_LIST).filter(|list| !list.is_empty()) {
        None => true,
        Some(list) => list.split(' ').any(|allowed| allowed == name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_the_runtime_s_own_variables_are_never_read() {
        let cases = [
            ("FOO", "", true),
            ("foo", "", true),
            ("", "", false),
            ("APP_API_TOKEN", "", false),
            ("app_api_token", "", false),
            ("DAPR_API_TOKEN", "", false),
            ("dapr_http_port", "", false),
            ("FOO BAR", "", false),
            ("FOO", "FOO", true),
            ("foo", "BAR FOO BAZ", true),
            ("FO", "FOO", false),
            ("OO", "FOO", false),
            ("A", "AB A", true),
            ("BAR", "FOO BAZ", false),
            ("DAPR_FOO", "DAPR_FOO", false),
        ];
        for (name, list, allowed) in cases {
            let environment = |asked: &str| {
                assert_eq!(asked, "DAPR_ENV_KEYS");
                Some(list.to_owned())
            };
            assert_eq!(is_environment_allowed(name, &environment), allowed, "{name:?} in {list:?}");
        }
    }
}
