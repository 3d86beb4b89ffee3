//! Dapr's resource kinds as typed values: [`Component`], [`Configuration`], [`Subscription`], [`HttpEndpoint`] and
//! [`Resiliency`], read from files as the peer reads them and checked with errors that name file, line and field.
//!
//! A resource is a plain immutable value: it can be cloned, put into an `Arc` and compared with a newer one, which is
//! all that a reload needs. Where it was written ([`Source`]) does not take part in the comparison.
//!
//! ```
//! use std::collections::HashMap;
//! use tender_resource::{Loader, ReadFile, Values};
//!
//! let file = r#"
//! apiVersion: dapr.io/v1alpha1
//! kind: Component
//! metadata: {name: statestore}
//! auth: {secretStore: vault}
//! spec:
//!   type: state.redis
//!   verison: v1
//!   metadata:
//!   - {name: redisPassword, secretKeyRef: {name: redis, key: password}}
//! "#;
//! let loader = Loader { app_id: "shop".into(), ..Loader::default() };
//! let read = ReadFile { path: "components/store.yaml".into(), contents: Ok(Some(file.into())) };
//! let resources = loader.load_read([read]).unwrap();
//! assert_eq!(
//!     resources.warnings[0].to_string(),
//!     "components/store.yaml:8: spec.verison: unknown field, ignored, did you mean version?"
//! );
//!
//! let component = &resources.components[0];
//! let secrets: HashMap<_, _> = component.secret_refs().into_iter().map(|wanted| (wanted, "hunter2".into())).collect();
//! let values = Values { secrets: &secrets, environment: &|_| None, app_id: "shop", namespace: "", pod_name: "" };
//! let resolved = component.resolve(&values).unwrap();
//! assert_eq!(resolved.items[0].1.expose(), "hunter2");
//! assert_eq!(format!("{:?}", resolved.items), r#"[("redisPassword", Secret(redacted))]"#);
//! ```

mod app_id;
mod component;
pub mod configuration;
mod decode;
mod duration;
mod http_endpoint;
mod load;
mod meta;
mod metadata;
mod problem;
mod read;
pub mod resiliency;
pub mod resolve;
mod secret;
mod subscription;

pub use app_id::{AppId, InvalidAppId};
pub use component::{Category, Component, ComponentType, DEFAULT_INIT_TIMEOUT};
pub use configuration::{Configuration, ConfigurationErrors};
pub use duration::{GoDuration, InvalidDuration};
pub use http_endpoint::{ClientTls, HttpEndpoint, Renegotiation, TlsDocument};
pub use load::{LoadError, LoadErrors, Loader, ReadFile, Resources, read_directories};
pub use meta::{Kind, ObjectMeta, Scopes, Source};
pub use metadata::{MetadataItem, SecretKeyRef};
pub use problem::Problem;
pub use resiliency::Resiliency;
pub use resolve::{Resolved, SecretRef, Values};
pub use secret::Secret;
pub use subscription::{BulkSubscribe, Routes, Rule, Subscription};
