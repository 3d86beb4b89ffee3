//! The cases of the peer's integration suite on names, with the very words that it looks for.

use tender_resource::{Loader, ReadFile};

use crate::load_files;

fn component(name: &str, component_type: &str, more: &str) -> String {
    format!(
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n name: {name}\n{more}spec:\n type: {component_type}\n version: v1\n---\n"
    )
}

fn six() -> String {
    [
        component("abc", "state.in-memory", " namespace: mynamespace\n"),
        component("abc", "pubsub.in-memory", ""),
        component("abc", "state.in-memory", " namespace: foobar\n"),
        component("123", "state.in-memory", ""),
        component("123", "state.in-memory", " namespace: mynamespace\n"),
        component("123", "pubsub.in-memory", ""),
    ]
    .concat()
}

#[test]
fn the_same_name_in_the_namespace_is_refused_in_the_peer_s_words() {
    let errors = load_files(&[("a.yaml", &six())], Some("mynamespace")).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "duplicate definition of Component name abc (pubsub.in-memory/v1) with existing abc (state.in-memory/v1)\n\
         duplicate definition of Component name 123 (state.in-memory/v1) with existing 123 (state.in-memory/v1)\n\
         duplicate definition of Component name 123 (pubsub.in-memory/v1) with existing 123 (state.in-memory/v1)"
    );
    assert_eq!(errors.errors()[0].places(), "a.yaml:10 and a.yaml:1");
}

#[test]
fn without_a_namespace_those_of_the_files_do_not_matter() {
    for namespace in [None, Some("")] {
        let errors = load_files(&[("a.yaml", &six())], namespace).unwrap_err();
        assert_eq!(
            errors.to_string(),
            "duplicate definition of Component name abc (pubsub.in-memory/v1) with existing abc (state.in-memory/v1)\n\
             duplicate definition of Component name abc (state.in-memory/v1) with existing abc (state.in-memory/v1)\n\
             duplicate definition of Component name 123 (state.in-memory/v1) with existing 123 (state.in-memory/v1)\n\
             duplicate definition of Component name 123 (pubsub.in-memory/v1) with existing 123 (state.in-memory/v1)"
        );
    }
}

#[test]
fn another_namespace_is_left_out() {
    let text = [
        component("a", "state.in-memory", " namespace: mine\n"),
        component("b", "state.in-memory", " namespace: other\n"),
        component("c", "state.in-memory", ""),
        component("b", "pubsub.in-memory", ""),
    ]
    .concat();
    let resources = load_files(&[("a.yaml", &text)], Some("mine")).unwrap();
    let names: Vec<_> = resources.components.iter().map(tender_resource::Component::log_name).collect();
    assert_eq!(names, ["a (state.in-memory/v1)", "c (state.in-memory/v1)", "b (pubsub.in-memory/v1)"]);
}

#[test]
fn a_name_is_taken_by_what_is_in_scope_only() {
    let scoped = |component_type: &str, app: &str| {
        component("a", component_type, "").replace("spec:", &format!("scopes: [{app}]\nspec:"))
    };
    // The first is for another application, so the second may have its name.
    let text = scoped("state.one", "other") + &scoped("state.two", "app");
    let resources = load_files(&[("a.yaml", &text)], None).unwrap();
    assert_eq!(resources.components.len(), 1);
    assert_eq!(resources.components[0].component_type.as_str(), "state.two");
    // The other way round the second is refused although it is for another application.
    let text = scoped("state.two", "app") + &scoped("state.one", "other");
    assert_eq!(
        load_files(&[("a.yaml", &text)], None).unwrap_err().to_string(),
        "duplicate definition of Component name a (state.one/v1) with existing a (state.two/v1)"
    );
}

#[test]
fn the_same_name_in_two_files_and_directories_is_refused() {
    let loader = Loader { app_id: "app".into(), ..Loader::default() };
    let file = |path: &str, component_type: &str| ReadFile {
        path: path.into(),
        contents: Ok(Some(component("a", component_type, "").into_bytes())),
    };
    let errors =
        loader.load_read([file("one/a.yaml", "state.x"), file("two/b.yaml", "state.y")]).unwrap_err();
    assert_eq!(errors.errors()[0].places(), "two/b.yaml:1 and one/a.yaml:1");
}

#[test]
fn endpoints_of_the_same_name_are_all_left_out_and_the_rest_is_loaded() {
    let endpoint = |name: &str, url: &str| {
        format!(
            "apiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata:\n  name: {name}\nspec:\n  baseUrl: {url}\n---\n"
        )
    };
    let text = endpoint("a", "http://a")
        + &endpoint("b", "http://b")
        + &endpoint("a", "http://c")
        + &component("a", "state.in-memory", "");
    let resources = load_files(&[("a.yaml", &text)], None).unwrap();
    assert_eq!((resources.http_endpoints.len(), resources.components.len()), (0, 1));
    assert_eq!(
        resources.problems[0].to_string(),
        "a.yaml:15: metadata.name: duplicate definition of HTTPEndpoint name a (http://c) with existing a (http://a) (a.yaml:1)"
    );
}
