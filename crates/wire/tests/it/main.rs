//! The words of the bare metal API, held against recorded exchanges with a real Ironic.

#[cfg(test)]
mod introspection;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod portgroups;
#[cfg(test)]
mod ports;
#[cfg(test)]
mod recorded;
