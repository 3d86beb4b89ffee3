//! Dapr's resource kinds as typed values: [`Component`], [`Configuration`], [`Subscription`], [`HttpEndpoint`] and
//! [`Resiliency`], read from files as the peer reads them and checked with errors that name file, line and field.
//!
//! A resource is a plain immutable value: it can be cloned, put into an `Arc` and compared with a newer one, which is
//! all that a reload needs. Where it was written ([`Source`]) does not take part in the comparison.

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
