//! Which topics an app may publish and subscribe to, as a component's metadata says.
//!
//! `publishingScopes` and `subscriptionScopes` are lists such as `app1=topic1,topic2;app2=`; `allowedTopics` and
//! `protectedTopics` are lists of topics. A protected topic is open only to apps whose scope names it.

use tender_component::Metadata;

/// The rules of one component for one app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TopicScopes {
    allowed: Vec<String>,
    protected: Vec<String>,
    publishing: Option<Vec<String>>,
    subscribing: Option<Vec<String>>,
}

impl TopicScopes {
    pub(crate) fn new(metadata: &Metadata, app_id: &str) -> Self {
        let list = |name| metadata.get(name).map(topics).unwrap_or_default();
        let scope = |name| metadata.get(name).and_then(|scopes| scope_of(scopes, app_id));
        Self {
            allowed: list("allowedTopics"),
            protected: list("protectedTopics"),
            publishing: scope("publishingScopes"),
            subscribing: scope("subscriptionScopes"),
        }
    }

    /// Whether the app may publish to `topic`.
    pub(crate) fn may_publish(&self, topic: &str) -> bool {
        self.may(topic, self.publishing.as_deref())
    }

    /// Whether the app may subscribe to `topic`.
    pub(crate) fn may_subscribe(&self, topic: &str) -> bool {
        self.may(topic, self.subscribing.as_deref())
    }

    /// The peer's rule: the topic must be allowed at all; then the app's scope decides, and without one whether the
    /// topic is protected.
    fn may(&self, topic: &str, scope: Option<&[String]>) -> bool {
        let names = |topics: &[String]| topics.iter().any(|name| name == topic);
        if !self.allowed.is_empty() && !names(&self.allowed) {
            return false;
        }
        scope.map_or_else(|| !names(&self.protected), names)
    }
}

/// The topics of an app in a list of scopes; nothing if the list does not name the app.
fn scope_of(scopes: &str, app_id: &str) -> Option<Vec<String>> {
    scopes.split(';').find_map(|scope| {
        let (app, list) = scope.split_once('=')?;
        (app.trim() == app_id).then(|| topics(list))
    })
}

fn topics(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|topic| !topic.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_open_and_close_topics() {
        let metadata = Metadata::new(
            "pubsub",
            [
                ("publishingScopes", "app1=t1, t2;app2=;"),
                ("allowedTopics", "t1,t2,t3,secret"),
                ("protectedTopics", "secret"),
            ],
        );
        for (app, topic, may) in [
            ("app1", "t1", true),
            ("app1", "t2", true),
            ("app1", "t3", false),
            ("app2", "t1", false),
            ("app3", "t3", true),
            ("app3", "t4", false),
            ("app3", "secret", false),
            ("app1", "secret", false),
        ] {
            assert_eq!(TopicScopes::new(&metadata, app).may_publish(topic), may, "{app} {topic}");
        }
    }

    #[test]
    fn a_protected_topic_is_open_to_those_whom_a_scope_names() {
        let metadata =
            Metadata::new("pubsub", [("subscriptionScopes", "app1=secret"), ("protectedTopics", "secret")]);
        assert!(TopicScopes::new(&metadata, "app1").may_subscribe("secret"));
        assert!(!TopicScopes::new(&metadata, "app2").may_subscribe("secret"));
    }
}
