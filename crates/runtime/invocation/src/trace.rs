//! The two wire forms of a trace's context: `traceparent` in HTTP, `grpc-trace-bin` in gRPC.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderName, HeaderValue};

/// The header of HTTP (W3C Trace Context).
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The header that goes with it.
pub(crate) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// The header of gRPC (OpenCensus' binary form).
pub(crate) const GRPC_TRACE_BIN: HeaderName = HeaderName::from_static("grpc-trace-bin");

/// Base64 as binary metadata has it: with padding or without.
pub(crate) const METADATA_BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Version, then three fields, each behind its number: trace ID, span ID, options.
const BINARY_LENGTH: usize = 29;

/// `grpc-trace-bin` of a `traceparent`.
pub(crate) fn to_binary(traceparent: &HeaderValue) -> Option<HeaderValue> {
    let text = traceparent.to_str().ok()?;
    let mut parts = text.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if version.len() != 2 || trace.len() != 32 || span.len() != 16 || flags.len() != 2 {
        return None;
    }
    let mut binary = Vec::with_capacity(BINARY_LENGTH);
    binary.extend([0, 0]);
    from_hex(trace, &mut binary)?;
    binary.push(1);
    from_hex(span, &mut binary)?;
    binary.push(2);
    from_hex(flags, &mut binary)?;
    HeaderValue::try_from(METADATA_BASE64.encode(binary)).ok()
}

/// `traceparent` of a `grpc-trace-bin`.
pub(crate) fn from_binary(grpc_trace_bin: &HeaderValue) -> Option<HeaderValue> {
    let binary = METADATA_BASE64.decode(grpc_trace_bin.as_bytes()).ok()?;
    let ([0, 0], rest) = binary.split_first_chunk::<2>()? else { return None };
    let (trace, rest) = rest.split_first_chunk::<16>()?;
    let ([1], rest) = rest.split_first_chunk::<1>()? else { return None };
    let (span, rest) = rest.split_first_chunk::<8>()?;
    let [2, flags] = rest else { return None };
    let mut text = String::with_capacity(55);
    text.push_str("00-");
    to_hex(trace, &mut text);
    text.push('-');
    to_hex(span, &mut text);
    text.push('-');
    to_hex(&[*flags], &mut text);
    HeaderValue::try_from(text).ok()
}

fn from_hex(text: &str, bytes: &mut Vec<u8>) -> Option<()> {
    for pair in text.as_bytes().chunks_exact(2) {
        let [high, low] = pair else { return None };
        let value = char::from(*high).to_digit(16)? << 4 | char::from(*low).to_digit(16)?;
        bytes.push(u8::try_from(value).ok()?);
    }
    Some(())
}

fn to_hex(bytes: &[u8], text: &mut String) {
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            // Both are below 16.
            text.extend(char::from_digit(u32::from(digit), 16));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_survives_both_forms() {
        let parent = HeaderValue::from_static("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let binary = to_binary(&parent).unwrap();
        assert_eq!(binary, "AAAK92UZFs1D3YRI6yEcgDGcAbeta3FpIDMxAgE=");
        assert_eq!(from_binary(&binary), Some(parent.clone()));
        let unpadded = HeaderValue::from_static("AAAK92UZFs1D3YRI6yEcgDGcAbeta3FpIDMxAgE");
        assert_eq!(from_binary(&unpadded), Some(parent));
    }

    #[test]
    fn what_is_no_context_is_dropped() {
        for text in
            ["", "00-zz-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01"]
        {
            assert_eq!(to_binary(&HeaderValue::from_static(text)), None, "{text}");
        }
        assert_eq!(from_binary(&HeaderValue::from_static("AAAK92UZ")), None);
    }
}
