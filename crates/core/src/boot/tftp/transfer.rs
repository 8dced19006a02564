//! The course of one transfer: which blocks to send next, and when to give up.

use std::ops::RangeInclusive;

use super::packet::{Terms, wrapped};

/// How often the same packets are sent before the client is given up.
const MAX_SENDS: u8 = 6;

/// A file that is being sent. Blocks count from 1; the acknowledgement of the OACK is that of block 0.
#[derive(Clone, Debug)]
pub struct Transfer {
    terms: Terms,
    last: u64,
    acked: Option<u64>,
    sends: u8,
}

/// What to do next; then wait for `terms.timeout` seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Send the OACK.
    Oack,
    /// Send these blocks.
    Blocks(RangeInclusive<u64>),
    /// Go on waiting.
    Wait,
    /// The client has everything.
    Done,
    /// The client has stopped answering.
    GiveUp,
}

impl Transfer {
    /// A transfer of `len` bytes, which opens with an OACK or with the first window. A file whose
    /// length is a multiple of the block's ends with an empty block.
    #[must_use]
    pub fn start(terms: Terms, len: u64, oack: bool) -> (Self, Next) {
        let acked = if oack { None } else { Some(0) };
        let transfer = Self { terms, last: len / u64::from(terms.block) + 1, acked, sends: 1 };
        let next = transfer.pending();
        (transfer, next)
    }

    /// The client acknowledged `block`. Only a block of the window in flight counts, so that a
    /// duplicate of an old acknowledgement starts nothing (RFC 1123 §4.2.3.1).
    pub fn on_ack(&mut self, block: u16) -> Next {
        let from = self.acked.map_or(0, |acked| acked + 1);
        let ahead = u64::from(block.wrapping_sub(wrapped(from)));
        let in_flight = if self.acked.is_none() { 1 } else { self.window_end() + 1 - from };
        if ahead >= in_flight {
            return Next::Wait;
        }
        self.acked = Some(from + ahead);
        self.sends = 1;
        if from + ahead == self.last { Next::Done } else { self.pending() }
    }

    /// Nothing came in time: send the same again.
    pub fn on_timeout(&mut self) -> Next {
        if self.sends == MAX_SENDS {
            return Next::GiveUp;
        }
        self.sends += 1;
        self.pending()
    }

    fn pending(&self) -> Next {
        match self.acked {
            None => Next::Oack,
            Some(acked) => Next::Blocks(acked + 1..=self.window_end()),
        }
    }

    fn window_end(&self) -> u64 {
        (self.acked.unwrap_or(0) + u64::from(self.terms.window)).min(self.last)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TERMS: Terms = Terms { block: 512, window: 1, timeout: 1 };

    #[test]
    fn a_file_is_sent_block_by_block_and_a_full_last_block_is_followed_by_an_empty_one() {
        let (mut transfer, next) = Transfer::start(TERMS, 1024, false);
        assert_eq!(next, Next::Blocks(1..=1));
        assert_eq!(transfer.on_ack(1), Next::Blocks(2..=2));
        assert_eq!(transfer.on_ack(2), Next::Blocks(3..=3));
        assert_eq!(transfer.on_ack(3), Next::Done);
        assert_eq!(Transfer::start(TERMS, 0, false).1, Next::Blocks(1..=1));
    }

    #[test]
    fn a_window_is_sent_whole_and_goes_on_after_the_last_block_that_arrived() {
        let (mut transfer, next) = Transfer::start(Terms { window: 4, ..TERMS }, 512 * 9, true);
        assert_eq!(next, Next::Oack);
        assert_eq!(transfer.on_ack(1), Next::Wait);
        assert_eq!(transfer.on_ack(0), Next::Blocks(1..=4));
        assert_eq!(transfer.on_ack(2), Next::Blocks(3..=6));
        assert_eq!(transfer.on_ack(2), Next::Wait);
        assert_eq!(transfer.on_timeout(), Next::Blocks(3..=6));
        assert_eq!(transfer.on_ack(6), Next::Blocks(7..=10));
        assert_eq!(transfer.on_ack(10), Next::Done);
    }

    #[test]
    fn s6_a_silent_client_is_given_up() {
        let (mut transfer, _) = Transfer::start(TERMS, 1024, true);
        let sends = std::iter::repeat_with(|| transfer.on_timeout()).take_while(|next| *next != Next::GiveUp).count();
        assert_eq!(sends, 5);
    }

    proptest! {
        #[test]
        fn block_numbers_wrap_and_every_block_is_sent_once(window in 1u16..=64, step in 1u64..=64) {
            let (mut transfer, mut next) = Transfer::start(Terms { window, ..TERMS }, 512 * 140_000 + 7, false);
            let mut acked = 0;
            while let Next::Blocks(blocks) = next {
                prop_assert_eq!(*blocks.start(), acked + 1);
                prop_assert!(blocks.end() - blocks.start() < u64::from(window));
                acked = (acked + step).min(*blocks.end());
                next = transfer.on_ack(wrapped(acked));
            }
            prop_assert_eq!((next, acked), (Next::Done, 140_001));
        }

        #[test]
        fn s10_no_acknowledgement_makes_a_transfer_jump(acks in proptest::collection::vec(any::<u16>(), 0..50)) {
            let (mut transfer, _) = Transfer::start(Terms { window: 8, ..TERMS }, 512 * 100, true);
            let mut sent = 0;
            for ack in acks {
                if let Next::Blocks(blocks) = transfer.on_ack(ack) {
                    prop_assert!(*blocks.start() >= 1 && *blocks.start() <= sent + 1 && *blocks.end() <= 101);
                    sent = *blocks.end();
                }
            }
        }
    }
}
