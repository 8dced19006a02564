//! LLDP (IEEE 802.1AB): what a switch tells about itself and the port that a NIC is plugged into, as the ramdisk posts it.
//!
//! **Invariant:** reading is total. Whatever a switch sends, or somebody who poses as one, is read, passed over or named
//! as a [`TlvError`], and takes no more room than it took in the body.

mod bytes;
mod information;
mod organisation;
mod words;

use serde_json::Value;

pub use self::{
    bytes::Fault,
    information::{Identifier, Information},
};

/// The longest value of a TLV in bytes: its length is a number of nine bits.
const LONGEST_VALUE: usize = 511;

/// Why an entry of a list of TLVs tells nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each field is named in the variant's text")]
pub enum TlvError {
    #[error("an entry is no pair of a TLV's type and its value")]
    NotATlv,
    #[error("the value of TLV {kind} is not hexadecimal")]
    NotHexadecimal { kind: u64 },
    #[error("the value of TLV {kind} has more than {LONGEST_VALUE} bytes")]
    TooLong { kind: u64 },
    #[error("the {what} {fault}")]
    Malformed { what: &'static str, fault: Fault },
}

/// Reads a list of TLVs as the ramdisk posts it, each `[type, "hexadecimal value"]`: in its order what each tells or
/// what is wrong with it. TLVs without a meaning here (time to live, other organisations' own, unknown subtypes) are
/// passed over, and so are the ends of the frame: the padding of a short frame reads as more of them.
pub fn read(tlvs: &[Value]) -> impl Iterator<Item = Result<Information, TlvError>> {
    tlvs.iter().filter_map(|tlv| read_one(tlv).transpose())
}

fn read_one(tlv: &Value) -> Result<Option<Information>, TlvError> {
    let Some([kind, value]) = tlv.as_array().map(Vec::as_slice) else { return Err(TlvError::NotATlv) };
    let (Some(kind), Some(value)) = (kind.as_u64(), value.as_str()) else { return Err(TlvError::NotATlv) };
    if value.len() > 2 * LONGEST_VALUE {
        return Err(TlvError::TooLong { kind });
    }
    let value = unhex(value).ok_or(TlvError::NotHexadecimal { kind })?;
    information::parse(kind, &value)
}

/// The bytes of pairs of hexadecimal digits.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

#[cfg(test)]
mod tests;
