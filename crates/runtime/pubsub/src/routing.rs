//! Which of an app's routes gets an event: rules in CEL over the variable `event`, and a default.

use cel::{Context, Program, Value};

use crate::envelope::Event;

/// A rule whose expression cannot be compiled.
#[derive(Debug, thiserror::Error)]
#[error("the routing rule {expression:?} is no CEL expression: {reason}")]
pub struct InvalidRule {
    expression: String,
    reason: String,
}

/// A rule that failed on an event.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RouteError {
    #[error("the match expression {0} cannot be evaluated: {1}")]
    Evaluation(String, String),
    #[error("the result of match expression {0} was not a boolean")]
    NotABoolean(String),
}

/// One rule: an expression, and the path of the events for which it is true.
#[derive(Debug)]
pub struct Rule {
    expression: String,
    /// Nothing for a rule that always matches.
    program: Option<Program>,
    path: String,
}

impl Rule {
    /// Compiles a rule. An empty expression always matches.
    pub fn new(expression: &str, path: impl Into<String>) -> Result<Self, InvalidRule> {
        let expression = expression.trim();
        let compile = || Program::compile(expression);
        let program = if expression.is_empty() { None } else { Some(compile()) }
            .transpose()
            .map_err(|error| InvalidRule { expression: expression.to_owned(), reason: error.to_string() })?;
        Ok(Self { expression: expression.to_owned(), program, path: path.into() })
    }

    /// The expression; empty if it always matches.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The path.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// The rules of a subscription, in order.
#[derive(Debug, Default)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// Rules that are tried in this order.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self(rules)
    }

    /// The rules, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter()
    }

    /// Whether there is none, so that no event can reach the app.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The path for an event; nothing if no rule matches.
    pub(crate) fn route(&self, event: &Event) -> Result<Option<&str>, RouteError> {
        let mut context: Option<Context<'_, '_>> = None;
        for rule in &self.0 {
            let Some(program) = &rule.program else { return Ok(Some(&rule.path)) };
            let failed = |reason: String| RouteError::Evaluation(rule.expression.clone(), reason);
            let context = match &context {
                Some(context) => context,
                // The event is parsed only if a rule looks into it.
                None => context.insert(event_context(event).map_err(failed)?),
            };
            match program.execute(context) {
                Ok(Value::Bool(true)) => return Ok(Some(&rule.path)),
                Ok(Value::Bool(false)) => {}
                Ok(_) => return Err(RouteError::NotABoolean(rule.expression.clone())),
                Err(error) => return Err(failed(error.to_string())),
            }
        }
        Ok(None)
    }
}

fn event_context(event: &Event) -> Result<Context<'static, 'static>, String> {
    let mut context = Context::default();
    let value = cel::to_value(event.values(&[])).map_err(|error| error.to_string())?;
    context.add_variable_from_value("event", value);
    Ok(context)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tender_component::pubsub::Message;

    use super::*;
    use crate::envelope::from_message;

    fn event(json: &str) -> Event {
        from_message(&Message { data: Bytes::from(json.to_owned()), ..Default::default() }).unwrap()
    }

    fn route(rules: &[(&str, &str)], json: &str) -> Result<Option<String>, String> {
        let rules = rules.iter().map(|(expression, path)| Rule::new(expression, *path).unwrap()).collect();
        Rules::new(rules)
            .route(&event(json))
            .map(|path| path.map(str::to_owned))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_first_rule_that_matches_wins() {
        let rules =
            [(r#"event.type == "big""#, "/big"), ("event.data.quantity > 10", "/many"), ("", "/default")];
        for (json, path) in [
            (r#"{"type": "big", "data": {"quantity": 1}}"#, "/big"),
            (r#"{"type": "x", "data": {"quantity": 11}}"#, "/many"),
            (r#"{"type": "x", "data": {"quantity": 10.5}}"#, "/many"),
            (r#"{"type": "x", "data": {"quantity": 1}}"#, "/default"),
        ] {
            assert_eq!(route(&rules, json), Ok(Some(path.to_owned())), "{json}");
        }
    }

    #[test]
    fn without_a_match_there_is_no_route() {
        assert_eq!(route(&[(r#"event.type == "a""#, "/a")], r#"{"type": "b"}"#), Ok(None));
        assert_eq!(route(&[], "{}"), Ok(None));
    }

    #[test]
    fn strings_and_sets_can_be_asked_about() {
        let json = r#"{"type": "order.v1", "data": {"tags": ["a", "b"], "note": "hello"}}"#;
        for expression in [
            r#"event.type.startsWith("order.")"#,
            r#""b" in event.data.tags"#,
            r#"event.data.note.matches("^h.*o$")"#,
            r"has(event.data.note) && size(event.data.tags) == 2",
            r#"event.data.tags.exists(tag, tag == "a")"#,
        ] {
            assert_eq!(route(&[(expression, "/x")], json), Ok(Some("/x".to_owned())), "{expression}");
        }
    }

    #[test]
    fn a_missing_field_and_a_result_of_another_kind_are_errors() {
        assert!(route(&[("event.data.missing > 1", "/x")], r#"{"data": {}}"#).is_err());
        assert_eq!(
            route(&[("1 + 1", "/x")], "{}").unwrap_err(),
            "the result of match expression 1 + 1 was not a boolean"
        );
    }

    #[test]
    fn a_rule_that_cannot_be_compiled_is_refused() {
        assert!(Rule::new("event.type ==", "/x").is_err());
    }
}
