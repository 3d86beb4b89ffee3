//! Environment variables in configuration files, by the rules of Go's `os.ExpandEnv`.

/// `text` with `$NAME` and `${NAME}` replaced by what `environment` gives, or by nothing. A dollar sign that no name
/// follows stays; one before a brace that does not fit is lost with the brace.
pub(super) fn expand_environment(text: &str, environment: &dyn Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        rest = match name(after) {
            Name::Variable { name, rest } => {
                expanded.push_str(&environment(name).unwrap_or_default());
                rest
            }
            Name::Malformed { rest } => rest,
            Name::None => {
                expanded.push('$');
                after
            }
        };
    }
    expanded.push_str(rest);
    expanded
}

enum Name<'a> {
    Variable { name: &'a str, rest: &'a str },
    Malformed { rest: &'a str },
    None,
}

fn name(after: &str) -> Name<'_> {
    if let Some(inner) = after.strip_prefix('{') {
        // `${}` goes as a whole; of a brace that is never closed, only the brace.
        return match inner.split_once('}') {
            Some(("", rest)) => Name::Malformed { rest },
            Some((name, rest)) => Name::Variable { name, rest },
            None => Name::Malformed { rest: inner },
        };
    }
    let special = after.starts_with(|c: char| "*#$@!?-".contains(c) || c.is_ascii_digit());
    let end = if special {
        1
    } else {
        after.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(after.len())
    };
    match after.split_at_checked(end) {
        None | Some(("", _)) => Name::None,
        Some((name, rest)) => Name::Variable { name, rest },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced_as_go_replaces_them() {
        let environment = |name: &str| match name {
            "HOME" => Some("/home/me".to_owned()),
            "H" => Some("h".to_owned()),
            "*" => Some("all".to_owned()),
            "a-b" => Some("dashed".to_owned()),
            _ => None,
        };
        let cases = [
            ("", ""),
            ("no variables", "no variables"),
            ("$HOME and ${HOME}/x", "/home/me and /home/me/x"),
            ("${H}OME $H.$H", "hOME h.h"),
            ("$UNSET|${UNSET}|", "||"),
            ("$*$$1x", "all1x"),
            ("${a-b}", "dashed"),
            ("${}", ""),
            ("a ${HOME", "a HOME"),
            ("^/orders/.+$", "^/orders/.+$"),
            ("price: \"$\"", "price: \"$\""),
            ("$ {HOME}", "$ {HOME}"),
            ("é$Hé", "éhé"),
        ];
        for (text, expected) in cases {
            assert_eq!(expand_environment(text, &environment), expected, "{text}");
        }
    }
}
