//! Name resolution among the sidecars of one process.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::{Mutex, RwLock};
use tender_component::name_resolution::{Instance, NameResolver, ResolveRequest};
use tender_component::{Error, ErrorKind};

type Key = (String, String);

/// Who is where, in this process. A clone is another handle to the same directory.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    entries: Arc<RwLock<BTreeMap<Key, Vec<SocketAddr>>>>,
}

impl Directory {
    /// A resolver that makes one sidecar known and finds all of them.
    pub(crate) fn resolver(&self) -> DirectoryResolver {
        DirectoryResolver { directory: self.clone(), registered: Mutex::default() }
    }

    /// The addresses of an app's sidecars in this process; empty if there is none.
    pub fn find(&self, app_id: &str, namespace: &str) -> Vec<SocketAddr> {
        let key = (namespace.to_owned(), app_id.to_owned());
        self.entries.read().get(&key).cloned().unwrap_or_default()
    }

    fn remove(&self, key: &Key, address: SocketAddr) {
        let mut entries = self.entries.write();
        if let Some(addresses) = entries.get_mut(key) {
            addresses.retain(|other| *other != address);
            if addresses.is_empty() {
                entries.remove(key);
            }
        }
    }
}

/// One sidecar's view of the directory. It is withdrawn when this is closed or dropped.
pub(crate) struct DirectoryResolver {
    directory: Directory,
    registered: Mutex<Option<(Key, SocketAddr)>>,
}

impl DirectoryResolver {
    fn withdraw(&self) {
        if let Some((key, address)) = self.registered.lock().take() {
            self.directory.remove(&key, address);
        }
    }
}

impl Drop for DirectoryResolver {
    fn drop(&mut self) {
        self.withdraw();
    }
}

#[async_trait]
impl NameResolver for DirectoryResolver {
    async fn register(&self, instance: Instance) -> Result<(), Error> {
        self.withdraw();
        let key = (instance.namespace, instance.app_id);
        let address = SocketAddr::new(instance.host, instance.internal_port);
        self.directory.entries.write().entry(key.clone()).or_default().push(address);
        *self.registered.lock() = Some((key, address));
        Ok(())
    }

    async fn resolve(&self, request: &ResolveRequest) -> Result<Vec<String>, Error> {
        let found = self.directory.find(&request.app_id, &request.namespace);
        if found.is_empty() {
            let message = format!("no sidecar of app {:?} runs in this process", request.app_id);
            return Err(Error::new(ErrorKind::NotFound, message));
        }
        Ok(found.iter().map(ToString::to_string).collect())
    }

    async fn close(&self) -> Result<(), Error> {
        self.withdraw();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[tokio::test]
    async fn sidecars_come_and_go() {
        let directory = Directory::default();
        let instance = |app_id: &str, internal_port| Instance {
            app_id: app_id.to_owned(),
            namespace: String::new(),
            host: Ipv4Addr::LOCALHOST.into(),
            internal_port,
            http_port: 0,
            grpc_port: 0,
        };
        let request = ResolveRequest { app_id: "a".to_owned(), namespace: String::new(), port: 0 };
        let (first, second) = (directory.resolver(), directory.resolver());
        first.register(instance("a", 1)).await.unwrap();
        second.register(instance("a", 2)).await.unwrap();
        assert_eq!(first.resolve(&request).await.unwrap(), ["127.0.0.1:1", "127.0.0.1:2"]);
        first.close().await.unwrap();
        assert_eq!(second.resolve(&request).await.unwrap(), ["127.0.0.1:2"]);
        drop(second);
        assert_eq!(first.resolve(&request).await.unwrap_err().kind(), ErrorKind::NotFound);
    }
}
