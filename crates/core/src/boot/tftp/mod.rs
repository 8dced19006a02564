//! TFTP without sockets: packets in, packets out. The server's loop owns sockets, files and time.
//!
//! An own server and not a crate's: the crate at hand looks names up behind one lock, has no end to
//! a transfer, can't be stopped, and answers from an address that the request was not sent to.

pub mod packet;
pub mod transfer;
