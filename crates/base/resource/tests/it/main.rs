//! Resources and configurations read from files.

#[cfg(test)]
mod components;
#[cfg(test)]
mod configuration;
#[cfg(test)]
mod directories;
#[cfg(test)]
mod duplicates;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod other_kinds;
#[cfg(test)]
mod resiliency;

#[cfg(test)]
use tender_resource::{LoadErrors, Loader, ReadFile, Resources};

/// Loads files that are given as name and text, for the application `app`.
#[cfg(test)]
fn load_files(files: &[(&str, &str)], namespace: Option<&str>) -> Result<Resources, LoadErrors> {
    let loader = Loader { namespace: namespace.map(Into::into), app_id: "app".into(), ..Loader::default() };
    loader.load_read(
        files
            .iter()
            .map(|(path, text)| ReadFile { path: path.into(), contents: Ok(Some(text.as_bytes().to_vec())) }),
    )
}

/// Loads one text for the application `app`, which must go without any fault.
#[cfg(test)]
fn load_clean(text: &str) -> Resources {
    let resources = load_files(&[("a.yaml", text)], None).unwrap();
    assert_eq!((&resources.problems, &resources.warnings), (&Vec::new(), &Vec::new()));
    resources
}

/// Everything that is wrong with one text, each fault in a line.
#[cfg(test)]
fn faults_of(text: &str) -> String {
    let resources = load_files(&[("components/a.yaml", text)], None).unwrap();
    let problems = resources.problems.iter().map(|problem| format!("problem: {problem}"));
    let warnings = resources.warnings.iter().map(|warning| format!("warning: {warning}"));
    problems.chain(warnings).collect::<Vec<_>>().join("\n")
}
