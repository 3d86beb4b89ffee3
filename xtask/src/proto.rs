//! The code of `tender-proto`, generated from the `.proto` files under `proto/`.
//!
//! protox compiles the files, so that no protoc is needed; prost and tonic write the Rust. The result
//! is committed: who builds Tender runs none of this, and a test here fails when it is out of date.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use prost::Message;
use prost_build::{Config, Module, Service, ServiceGenerator};
use prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet};

/// Where imports are looked up, each before the next. The durable task files import each other
/// without a folder, and reflection shows their names so, hence the second root.
const ROOTS: [&str; 2] = ["proto/durabletask", "proto"];

/// Where the generated files are kept; nothing else may be there.
const GENERATED: &str = "crates/base/proto/src/generated";

/// The name under which messages without a package are generated.
const WITHOUT_PACKAGE: &str = "durabletask";

/// Messages with secrets in them: their `Debug` is written by hand in tender-proto's `redact.rs`.
const SECRET: [&str; 9] = [
    ".dapr.proto.runtime.v1.GetSecretResponse",
    ".dapr.proto.runtime.v1.SecretResponse",
    ".dapr.proto.runtime.v1.SubtleWrapKeyRequest",
    ".dapr.proto.runtime.v1.SubtleUnwrapKeyResponse",
    ".dapr.proto.components.v1.GetSecretResponse",
    ".dapr.proto.components.v1.SecretResponse",
    ".dapr.proto.components.v1.MetadataRequest",
    ".dapr.proto.sentry.v1.SignCertificateRequest",
    ".dapr.proto.sentry.v1.SignCertificateResponse",
];

/// What tonic answers where a service leaves a method out. It does not say which method.
const TONIC_STUB: &str = "Not yet implemented";

/// Writes the generated files that differ from what the `.proto` files say, and removes stray ones.
pub(crate) fn write(root: &Path) -> Result<()> {
    let folder = root.join(GENERATED);
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    for (file, change) in changes(root)? {
        let path = folder.join(file);
        match change {
            Change::Write(content) => fs::write(&path, content),
            Change::Remove => fs::remove_file(&path),
        }
        .with_context(|| format!("update {}", path.display()))?;
    }
    Ok(())
}

/// Fails, naming the files, when the committed code is not what the `.proto` files say.
pub(crate) fn check(root: &Path) -> Result<()> {
    let stale: Vec<String> = changes(root)?.into_keys().collect();
    ensure!(
        stale.is_empty(),
        "out of date in {GENERATED}: {}; run `cargo run -p xtask -- proto`",
        stale.join(", ")
    );
    Ok(())
}

enum Change {
    Write(Vec<u8>),
    Remove,
}

/// What has to be done to the generated files, by file name.
fn changes(root: &Path) -> Result<BTreeMap<String, Change>> {
    let mut changes = BTreeMap::new();
    let mut present = files_in(&root.join(GENERATED))?;
    for (file, content) in generate(root)? {
        if present.remove(&file).as_ref() != Some(&content) {
            changes.insert(file, Change::Write(content));
        }
    }
    changes.extend(present.into_keys().map(|stray| (stray, Change::Remove)));
    Ok(changes)
}

fn files_in(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        let entry = entry?;
        let content = fs::read(entry.path()).with_context(|| format!("read {}", entry.path().display()))?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), content);
    }
    Ok(files)
}

/// Every generated file, by name: one Rust file per package, and the descriptors.
fn generate(root: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let descriptors = compile(root)?;
    let mut files = BTreeMap::from([("descriptors.bin".to_owned(), descriptors.encode_to_vec())]);

    // Packages name each other by relative paths from the root of a tree that mirrors them. Ours
    // leaves out `dapr::proto`, so google.rpc, which is outside, is generated apart and named absolutely.
    let google = descriptors.file.iter().filter(|file| file.package().starts_with("google.")).cloned();
    files.extend(rust(google.collect(), &[])?);
    files.extend(rust(descriptors.file, &[(".google.rpc", "crate::google_rpc")])?);
    Ok(files)
}

/// The descriptors of every `.proto` file and of what they import, importers after what they import.
fn compile(root: &Path) -> Result<FileDescriptorSet> {
    let roots = ROOTS.map(|folder| root.join(folder));
    let mut compiler = protox::Compiler::new(&roots)?;
    compiler.include_imports(true).include_source_info(false);
    for name in proto_files(&roots)? {
        compiler.open_file(&name).with_context(|| format!("compile {}", name.display()))?;
    }
    Ok(compiler.file_descriptor_set())
}

/// The names, relative to the first root that holds them, of all `.proto` files, in order.
fn proto_files(roots: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    for (index, root) in roots.iter().enumerate() {
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).with_context(|| format!("list {}", folder.display()))? {
                let path = entry?.path();
                if roots.iter().take(index).any(|before| path.starts_with(before)) {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "proto") {
                    names.push(path.strip_prefix(root)?.to_owned());
                }
            }
        }
    }
    names.sort();
    Ok(names)
}

/// Rust for the packages of these files, by file name.
fn rust(files: Vec<FileDescriptorProto>, elsewhere: &[(&str, &str)]) -> Result<BTreeMap<String, Vec<u8>>> {
    let tonic = tonic_prost_build::configure()
        .build_transport(false) // clients over any tower service; a channel is the caller's choice
        .generate_default_stubs(true)
        .service_generator();
    let mut config = Config::new();
    config
        .bytes(["."])
        .skip_debug(SECRET)
        .enable_type_names()
        .type_name_domain(["."], "type.googleapis.com")
        .extern_path(".google.protobuf.Any", "crate::Any")
        .service_generator(Box::new(NamingStubs { tonic }));
    for (package, path) in elsewhere {
        config.extern_path(*package, *path);
    }
    let requests = files
        .into_iter()
        .map(|mut file| {
            forget_deprecation(&mut file);
            (Module::from_protobuf_package_name(file.package()), file)
        })
        .collect();

    let mut rust = BTreeMap::new();
    for (module, code) in config.generate(requests)? {
        let file = module.to_file_name_or(WITHOUT_PACKAGE);
        if code.contains(TONIC_STUB) {
            bail!("a default method in {file} does not name itself: has tonic changed its stubs?");
        }
        rust.insert(file, format!("// Generated by `cargo run -p xtask -- proto`.\n\n{code}").into_bytes());
    }
    Ok(rust)
}

/// Takes the `deprecated` marks out of what Rust is generated from (the descriptors keep them): apps
/// still use what is deprecated, so it is served, and each use here would need a lint exception.
fn forget_deprecation(file: &mut FileDescriptorProto) {
    fn in_message(message: &mut DescriptorProto) {
        if let Some(options) = &mut message.options {
            options.deprecated = None;
        }
        for field in &mut message.field {
            if let Some(options) = &mut field.options {
                options.deprecated = None;
            }
        }
        message.nested_type.iter_mut().for_each(in_message);
    }
    file.message_type.iter_mut().for_each(in_message);
    for method in file.service.iter_mut().flat_map(|service| &mut service.method) {
        if let Some(options) = &mut method.options {
            options.deprecated = None;
        }
    }
}

/// Tonic's generator, with default methods that answer as the peer's do: "method GetState not implemented".
struct NamingStubs {
    tonic: Box<dyn ServiceGenerator>,
}

impl ServiceGenerator for NamingStubs {
    fn generate(&mut self, service: Service, buffer: &mut String) {
        let methods: Vec<String> = service.methods.iter().map(|method| method.proto_name.clone()).collect();
        let mut code = String::new();
        self.tonic.generate(service, &mut code);
        // The stubs come in the order of the methods, one each.
        for method in methods {
            code = code.replacen(TONIC_STUB, &format!("method {method} not implemented"), 1);
        }
        buffer.push_str(&code);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_generated_code_is_what_the_proto_files_say() {
        super::check(crate::root().unwrap()).unwrap();
    }
}
