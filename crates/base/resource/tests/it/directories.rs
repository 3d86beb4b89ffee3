use std::fs;

use tender_resource::{Component, Loader};

fn component(name: &str) -> String {
    format!(
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: state.x\n"
    )
}

#[test]
fn files_are_read_in_the_order_of_directories_and_names_and_only_yaml() {
    let root = tempfile::tempdir().unwrap();
    let (first, second) = (root.path().join("z"), root.path().join("a"));
    fs::create_dir_all(first.join("sub.yaml")).unwrap();
    fs::create_dir(&second).unwrap();
    fs::write(first.join("b.yml"), component("3")).unwrap();
    fs::write(first.join("B.YAML"), component("1")).unwrap();
    fs::write(first.join("a.yaml"), format!("{}---\n{}", component("2"), component("2b"))).unwrap();
    fs::write(first.join("secrets.json"), r#"{"password": "hunter2"}"#).unwrap();
    fs::write(first.join("component.json"), r#"{"kind": "Component"}"#).unwrap();
    fs::write(first.join("sub.yaml").join("inner.yaml"), component("never")).unwrap();
    fs::write(second.join("c.yaml"), component("4")).unwrap();
    let loader = Loader { paths: vec![first.clone(), second], app_id: "app".into(), namespace: None };
    let resources = loader.load().unwrap();
    let names: Vec<_> = resources.components.iter().map(Component::name).collect();
    assert_eq!(names, ["1", "2", "2b", "3", "4"]);
    let warnings: Vec<_> = resources.warnings.iter().map(ToString::to_string).collect();
    let expected = ["component.json", "secrets.json"]
        .map(|name| format!("{}: is not a YAML file (.yaml, .yml), left out", first.join(name).display()));
    assert_eq!(warnings, expected);
    assert_eq!(resources.problems, []);
}

#[test]
fn every_directory_that_cannot_be_listed_is_told() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let loader = Loader { paths: vec![root.path().join("nowhere"), file], ..Loader::default() };
    let errors = loader.load().unwrap_err();
    let errors: Vec<_> = errors.errors().iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), 2);
    assert!(errors[0].starts_with("open ") && errors[0].contains("nowhere: No such file"), "{}", errors[0]);
    assert!(errors[1].contains("file: Not a directory"), "{}", errors[1]);
}

#[test]
fn a_file_that_cannot_be_read_leaves_the_others_whole() {
    let root = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("nowhere", root.path().join("a.yaml")).unwrap();
    fs::write(root.path().join("b.yaml"), b"a: \xff").unwrap();
    fs::write(root.path().join("c.yaml"), component("c")).unwrap();
    let loader = Loader { paths: vec![root.path().to_owned()], app_id: "app".into(), namespace: None };
    let resources = loader.load().unwrap();
    assert_eq!(resources.components.len(), 1);
    let problems: Vec<_> = resources.problems.iter().map(ToString::to_string).collect();
    assert!(problems[0].contains("a.yaml: cannot be read: No such file"), "{problems:?}");
    assert!(problems[1].ends_with("b.yaml:1: the text is not UTF-8"), "{problems:?}");
    assert_eq!(problems.len(), 2);
}

#[test]
fn no_directories_have_no_resources() {
    assert_eq!(Loader::default().load().unwrap(), tender_resource::Resources::default());
}
