//! Which API a method belongs to in access rules.

/// The API and its version, of a method of the `Dapr` service; nothing for a method that no rule can name.
pub(crate) fn api_of(method: &str) -> Option<(&'static str, &'static str)> {
    let (name, version) = [("Alpha1", "v1alpha1"), ("Alpha2", "v1alpha2"), ("Beta1", "v1beta1")]
        .into_iter()
        .find_map(|(suffix, version)| method.strip_suffix(suffix).map(|name| (name, version)))
        .unwrap_or((method, "v1"));
    let api = match name {
        "InvokeService" => "invoke",
        "GetState"
        | "GetBulkState"
        | "SaveState"
        | "DeleteState"
        | "DeleteBulkState"
        | "ExecuteStateTransaction"
        | "QueryState" => "state",
        "PublishEvent" | "BulkPublishEvent" => "publish",
        "SubscribeTopicEvents" => "subscribe",
        "InvokeBinding" => "bindings",
        "GetSecret" | "GetBulkSecret" => "secrets",
        "GetMetadata" | "SetMetadata" => "metadata",
        "GetConfiguration" | "SubscribeConfiguration" | "UnsubscribeConfiguration" => "configuration",
        "TryLock" => "lock",
        "Unlock" => "unlock",
        "Encrypt" | "Decrypt" => "crypto",
        "Shutdown" => "shutdown",
        "Converse" => "conversation",
        name if name.starts_with("Subtle") => "subtlecrypto",
        name if name.contains("Workflow") => "workflows",
        name if name.contains("Job") => "jobs",
        name if name.contains("Actor") => "actors",
        _ => return None,
    };
    Some((version, api))
}

#[cfg(test)]
mod tests {
    use super::api_of;

    #[test]
    fn methods_belong_to_apis() {
        for (method, expected) in [
            ("GetState", Some(("v1", "state"))),
            ("QueryStateAlpha1", Some(("v1alpha1", "state"))),
            ("StartWorkflowBeta1", Some(("v1beta1", "workflows"))),
            ("ConverseAlpha2", Some(("v1alpha2", "conversation"))),
            ("ExecuteActorStateTransaction", Some(("v1", "actors"))),
            ("SubtleSignAlpha1", Some(("v1alpha1", "subtlecrypto"))),
            ("Nothing", None),
        ] {
            assert_eq!(api_of(method), expected, "{method}");
        }
    }
}
