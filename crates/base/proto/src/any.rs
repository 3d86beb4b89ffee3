//! `google.protobuf.Any` over `Bytes`.
//!
//! The bodies of service invocation, actor calls and jobs travel in it. `prost_types::Any` holds a
//! `Vec`, and would copy each body on its way in and out.

use bytes::Bytes;
use prost::{DecodeError, Message, Name};

/// A value of any type: serialized bytes and the URL of their type.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct Any {
    /// The type of the value, such as `type.googleapis.com/google.protobuf.StringValue`. Dapr leaves it
    /// empty where the value is the plain body of a request.
    #[prost(string, tag = "1")]
    pub type_url: String,
    /// The value: a message of that type, or the plain body.
    #[prost(bytes = "bytes", tag = "2")]
    pub value: Bytes,
}

impl Any {
    /// A value without a type: the plain body of a request or of an answer.
    pub fn plain(value: impl Into<Bytes>) -> Self {
        Self { type_url: String::new(), value: value.into() }
    }

    /// Packs a message along with its type.
    pub fn pack<M: Message + Name>(message: &M) -> Self {
        Self { type_url: M::type_url(), value: message.encode_to_vec().into() }
    }

    /// The full name of the type, `google.protobuf.StringValue` for one: what follows the URL's last slash.
    pub fn full_name(&self) -> &str {
        self.type_url.rsplit_once('/').map_or(self.type_url.as_str(), |(_, name)| name)
    }

    /// The message inside, or none when it is of another type. Only the name counts, not the host in the URL.
    pub fn unpack<M: Message + Name + Default>(&self) -> Result<Option<M>, DecodeError> {
        if self.full_name() != M::full_name() {
            return Ok(None);
        }
        M::decode(self.value.clone()).map(Some)
    }
}

impl Name for Any {
    const PACKAGE: &'static str = "google.protobuf";
    const NAME: &'static str = "Any";

    fn type_url() -> String {
        "type.googleapis.com/google.protobuf.Any".to_owned()
    }
}

impl From<prost_types::Any> for Any {
    fn from(any: prost_types::Any) -> Self {
        Self { type_url: any.type_url, value: any.value.into() }
    }
}

impl From<Any> for prost_types::Any {
    fn from(any: Any) -> Self {
        Self { type_url: any.type_url, value: any.value.into() }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::Any;
    use crate::{google_rpc, internals};

    #[test]
    fn a_packed_message_comes_out_as_what_it_was() {
        let status = google_rpc::Status { code: 5, message: "no such item".to_owned(), details: Vec::new() };
        let any = Any::pack(&status);
        assert_eq!(any.type_url, "type.googleapis.com/google.rpc.Status");
        assert_eq!(any.unpack::<google_rpc::Status>().unwrap(), Some(status));
    }

    #[test]
    fn a_message_of_another_type_does_not_come_out() {
        let any = Any::pack(&google_rpc::Status::default());
        assert_eq!(any.unpack::<internals::v1::Status>().unwrap(), None);
        assert_eq!(Any::plain("body").unpack::<google_rpc::Status>().unwrap(), None);
    }

    #[test]
    fn bytes_that_are_not_the_message_are_an_error() {
        let any = Any { value: "\u{ff}".into(), ..Any::pack(&google_rpc::Status::default()) };
        assert!(any.unpack::<google_rpc::Status>().is_err());
    }

    #[test]
    fn the_wire_form_is_that_of_the_well_known_type() {
        let any = Any { type_url: "example.com/t".to_owned(), value: "body".into() };
        let theirs = prost_types::Any::decode(any.encode_to_vec().as_slice()).unwrap();
        assert_eq!(theirs, prost_types::Any::from(any.clone()));
        assert_eq!(Any::from(theirs), any);
    }

    #[test]
    fn the_body_is_not_copied_when_it_is_decoded() {
        let message = bytes::Bytes::from(Any::plain("body").encode_to_vec());
        let within = message.as_ptr_range();
        let any = Any::decode(message.clone()).unwrap();
        assert!(within.contains(&any.value.as_ptr()));
    }
}
