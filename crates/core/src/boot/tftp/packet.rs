//! TFTP's packets: RFC 1350, options of RFC 2347, 2348, 2349 and 7440.

/// Payload bytes of a DATA packet where the client asks for nothing else (RFC 1350).
const DEFAULT_BLOCK: u16 = 512;
/// The largest block that fits an Ethernet frame: firmware often can't join IP fragments.
const MAX_BLOCK: u16 = 1468;
/// Blocks in flight at most.
const MAX_WINDOW: u16 = 64;
/// Seconds without an acknowledgement until a window is sent again.
const DEFAULT_TIMEOUT: u8 = 2;
/// The longest such time that a client can ask for, so that a transfer's end is in sight.
const MAX_TIMEOUT: u8 = 30;

/// A request to read a file, with the options that the client asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadRequest {
    /// The file's name, as sent.
    pub name: String,
    /// `blksize`
    pub block: Option<u16>,
    /// `tsize`: the client wants to know the file's size.
    pub size: bool,
    /// `timeout`, in seconds.
    pub timeout: Option<u8>,
    /// `windowsize`
    pub window: Option<u16>,
}

/// Why a first packet starts no transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not a request at all: no answer is due.
    Ignore,
    /// Answer with this error.
    Error(ErrorCode, &'static str),
}

/// Error codes of RFC 1350 and RFC 2347 that we send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ErrorCode {
    /// See the message.
    Undefined = 0,
    /// File not found.
    NotFound = 1,
    /// Access violation.
    Access = 2,
    /// Illegal TFTP operation.
    Illegal = 4,
}

/// Reads the packet that opens a transfer.
///
/// # Errors
/// What to do with a packet that is no octet-mode read request.
pub fn parse_request(packet: &[u8]) -> Result<ReadRequest, Refusal> {
    const MALFORMED: Refusal = Refusal::Error(ErrorCode::Illegal, "malformed request");
    let text = match packet {
        [0, 1, rest @ ..] => rest,
        [0, 2, ..] => return Err(Refusal::Error(ErrorCode::Access, "files can only be read")),
        _ => return Err(Refusal::Ignore),
    };
    let text = text.strip_suffix(&[0]).and_then(|text| std::str::from_utf8(text).ok()).ok_or(MALFORMED)?;
    let mut fields = text.split('\0');
    let (name, mode) = fields.next().zip(fields.next()).ok_or(MALFORMED)?;
    if !mode.eq_ignore_ascii_case("octet") {
        return Err(Refusal::Error(ErrorCode::Illegal, "only octet mode is served"));
    }
    let mut request = ReadRequest { name: name.to_owned(), block: None, size: false, timeout: None, window: None };
    while let Some((option, value)) = fields.next().zip(fields.next()) {
        match option.to_ascii_lowercase().as_str() {
            "blksize" => request.block = value.parse().ok().filter(|size| (8..=65464).contains(size)),
            "tsize" => request.size = value == "0",
            "timeout" => request.timeout = value.parse().ok().filter(|seconds| *seconds > 0),
            "windowsize" => request.window = value.parse().ok().filter(|blocks| *blocks > 0),
            _ => {}
        }
    }
    Ok(request)
}

/// What was agreed on for one transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Payload bytes of each DATA packet but the last.
    pub block: u16,
    /// Blocks in flight.
    pub window: u16,
    /// Seconds to wait for an acknowledgement.
    pub timeout: u8,
}

impl ReadRequest {
    /// The terms of the transfer of `len` bytes, and the OACK that tells them; none is due to a
    /// client that asked for no option. A timeout beyond our limit is left out of the OACK, since
    /// RFC 2349 lets a server only agree or stay silent.
    #[must_use]
    pub fn accept(&self, len: u64) -> (Terms, Option<Vec<u8>>) {
        let timeout = self.timeout.filter(|seconds| *seconds <= MAX_TIMEOUT);
        let terms = Terms {
            block: self.block.map_or(DEFAULT_BLOCK, |block| block.min(MAX_BLOCK)),
            window: self.window.map_or(1, |window| window.min(MAX_WINDOW)),
            timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
        };
        let told = [
            self.block.map(|_| ("blksize", u64::from(terms.block))),
            self.size.then_some(("tsize", len)),
            timeout.map(|seconds| ("timeout", u64::from(seconds))),
            self.window.map(|_| ("windowsize", u64::from(terms.window))),
        ];
        let mut oack = vec![0, 6];
        for (option, value) in told.into_iter().flatten() {
            oack.extend_from_slice(format!("{option}\0{value}\0").as_bytes());
        }
        (terms, (oack.len() > 2).then_some(oack))
    }
}

/// What a client says during a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// All blocks up to this one, modulo 65,536, have arrived.
    Ack(u16),
    /// The client gives up.
    Error,
}

/// Reads a packet of a running transfer; `None` for one to be ignored.
#[must_use]
pub fn parse_reply(packet: &[u8]) -> Option<Reply> {
    match packet {
        [0, 4, high, low, ..] => Some(Reply::Ack(u16::from_be_bytes([*high, *low]))),
        [0, 5, ..] => Some(Reply::Error),
        _ => None,
    }
}

/// A DATA packet. Block numbers go on after 65,535 with 0, as all clients of large files expect.
pub fn write_data(packet: &mut Vec<u8>, block: u64, payload: &[u8]) {
    packet.clear();
    packet.extend_from_slice(&[0, 3]);
    packet.extend_from_slice(&wrapped(block).to_be_bytes());
    packet.extend_from_slice(payload);
}

/// An ERROR packet.
#[must_use]
pub fn error(code: ErrorCode, message: &str) -> Vec<u8> {
    let mut packet = vec![0, 5];
    packet.extend_from_slice(&(code as u16).to_be_bytes());
    packet.extend_from_slice(message.as_bytes());
    packet.push(0);
    packet
}

/// The block's number as it stands in packets.
pub(super) const fn wrapped(block: u64) -> u16 {
    (block & 0xffff) as u16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rrq(fields: &[&str]) -> Vec<u8> {
        let mut packet = vec![0, 1];
        fields.iter().for_each(|field| packet.extend([field.as_bytes(), &[0]].concat()));
        packet
    }

    #[test]
    fn a_client_without_options_gets_none() {
        let request = parse_request(&rrq(&["snponly.efi", "OCTET"])).unwrap();
        assert_eq!(request.name, "snponly.efi");
        assert_eq!(request.accept(7), (Terms { block: 512, window: 1, timeout: 2 }, None));
    }

    #[test]
    fn what_is_asked_for_is_agreed_to_within_limits() {
        let ask = ["a", "octet", "tsize", "0", "BLKSIZE", "65464", "windowsize", "500", "timeout", "5", "x", "y"];
        let (terms, oack) = parse_request(&rrq(&ask)).unwrap().accept(70_000);
        assert_eq!(terms, Terms { block: 1468, window: 64, timeout: 5 });
        assert_eq!(oack.unwrap(), b"\0\x06blksize\x001468\0tsize\x0070000\0timeout\x005\0windowsize\x0064\0");
    }

    #[test]
    fn options_out_of_bounds_are_left_out() {
        let ask = ["a", "octet", "blksize", "4", "windowsize", "0", "timeout", "255", "tsize", "x"];
        assert_eq!(parse_request(&rrq(&ask)).unwrap().accept(1), (Terms { block: 512, window: 1, timeout: 2 }, None));
    }

    #[test]
    fn other_requests_are_refused() {
        let code = |packet: &[u8]| match parse_request(packet) {
            Err(Refusal::Error(code, _)) => Some(code),
            other => panic!("{other:?}"),
        };
        assert_eq!(code(b"\0\x02a\0octet\0"), Some(ErrorCode::Access));
        assert_eq!(code(&rrq(&["a", "netascii"])), Some(ErrorCode::Illegal));
        assert_eq!(code(b"\0\x01a\0octet"), Some(ErrorCode::Illegal));
        assert_eq!(code(b"\0\x01\xff\0octet\0"), Some(ErrorCode::Illegal));
        assert_eq!(parse_request(b"\0\x04\0\x01"), Err(Refusal::Ignore));
        assert_eq!(parse_request(b""), Err(Refusal::Ignore));
    }

    proptest! {
        #[test]
        fn s10_no_packet_panics(packet in any::<Vec<u8>>(), opcode in 0u8..7) {
            let packet = [&[0, opcode][..], &packet].concat();
            let _ = parse_reply(&packet);
            if let Ok(request) = parse_request(&packet) {
                let (terms, _) = request.accept(u64::MAX);
                prop_assert!((8..=MAX_BLOCK).contains(&terms.block) && (1..=MAX_WINDOW).contains(&terms.window));
            }
        }
    }
}
