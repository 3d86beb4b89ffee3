//! `Debug` for the messages that carry secrets: which fields there are, never what is in the secret ones.
//!
//! `xtask` generates these without `Debug` (its `SECRET` list names them), so one that is not written
//! here does not compile where it is printed.

use std::{collections::HashMap, fmt};

use crate::{components, runtime, sentry};

/// A map of which only the keys are shown.
struct Keys<'a>(&'a HashMap<String, String>);

impl fmt::Debug for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Writes `Debug` for a message: fields shown as they are, or by their keys alone, or not at all.
macro_rules! redacted {
    ($message:ty: shown [$($shown:ident),*] keys [$($keys:ident),*] hidden [$($hidden:ident),*]) => {
        impl fmt::Debug for $message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                // Every field has its place: one that is new upstream fails to compile here.
                let Self { $($shown,)* $($keys,)* $($hidden: _,)* } = self;
                let name = <Self as prost::Name>::NAME;
                f.debug_struct(name)
                    $(.field(stringify!($shown), $shown))*
                    $(.field(stringify!($keys), &Keys($keys)))*
                    $(.field(stringify!($hidden), &format_args!("redacted")))*
                    .finish()
            }
        }
    };
}

redacted!(runtime::v1::GetSecretResponse: shown [] keys [data] hidden []);
redacted!(runtime::v1::SecretResponse: shown [] keys [secrets] hidden []);
redacted!(runtime::v1::SubtleWrapKeyRequest:
    shown [component_name, algorithm, key_name, nonce, associated_data] keys [] hidden [plaintext_key]);
redacted!(runtime::v1::SubtleUnwrapKeyResponse: shown [] keys [] hidden [plaintext_key]);
redacted!(components::v1::GetSecretResponse: shown [] keys [data] hidden []);
redacted!(components::v1::SecretResponse: shown [] keys [secrets] hidden []);
redacted!(components::v1::MetadataRequest: shown [] keys [properties] hidden []);
redacted!(sentry::v1::SignCertificateRequest:
    shown [id, trust_domain, namespace, certificate_signing_request, token_validator, jwt_audiences]
    keys [] hidden [token]);
redacted!(sentry::v1::SignCertificateResponse:
    shown [workload_certificate, trust_chain_certificates, valid_until] keys [per_audience_jwts] hidden [jwt]);

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use crate::runtime::v1::{GetBulkSecretResponse, SecretResponse, SubtleUnwrapKeyResponse};

    #[test]
    fn debug_shows_the_names_of_secrets_and_not_their_values() {
        let secrets = HashMap::from([("password".to_owned(), "hunter2".to_owned())]);
        let answer =
            GetBulkSecretResponse { data: HashMap::from([("db".to_owned(), SecretResponse { secrets })]) };
        assert_eq!(
            format!("{answer:?}"),
            r#"GetBulkSecretResponse { data: {"db": SecretResponse { secrets: {"password"} }} }"#
        );
    }

    #[test]
    fn debug_does_not_show_an_unwrapped_key() {
        let answer = SubtleUnwrapKeyResponse { plaintext_key: "hunter2".into() };
        assert_eq!(format!("{answer:?}"), "SubtleUnwrapKeyResponse { plaintext_key: redacted }");
    }
}
