//! The value of a TLV, read from its first byte to its last.

use crate::inventory::clean;

/// What is wrong with a TLV's value, as the rest of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It ends before what it says to have.
    #[error("is cut short")]
    CutShort,
    /// It goes on after its last field, where its length is fixed.
    #[error("is too long")]
    TooLong,
    /// It has to say something, and does not.
    #[error("is empty")]
    Empty,
    /// A name is in no known encoding.
    #[error("is not UTF-8")]
    NotUtf8,
}

/// The bytes that are still to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next bytes, of a number that is fixed. Numbers are in network order.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (head, rest) = self.0.split_first_chunk().ok_or(Fault::CutShort)?;
        self.0 = rest;
        Ok(*head)
    }

    pub fn u8(&mut self) -> Result<u8, Fault> {
        self.array().map(u8::from_be_bytes)
    }

    pub fn u16(&mut self) -> Result<u16, Fault> {
        self.array().map(u16::from_be_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_be_bytes)
    }

    /// The next bytes, of a number that was sent before them.
    pub fn take(&mut self, count: u8) -> Result<Self, Fault> {
        let (head, rest) = self.0.split_at_checked(count.into()).ok_or(Fault::CutShort)?;
        self.0 = rest;
        Ok(Self(head))
    }

    /// The rest as text, without what could command a terminal.
    pub fn text(self) -> Result<String, Fault> {
        let text = std::str::from_utf8(self.0).map_err(|_| Fault::NotUtf8)?;
        Ok(clean(text, text.len()))
    }

    /// The rest has to be nothing.
    pub fn end(self) -> Result<(), Fault> {
        if self.0.is_empty() { Ok(()) } else { Err(Fault::TooLong) }
    }

    /// The bytes themselves.
    pub fn bytes(self) -> &'a [u8] {
        self.0
    }
}
