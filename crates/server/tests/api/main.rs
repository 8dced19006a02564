//! The bare metal API as clients see it: the real routes over a real SQLite file, with a conductor
//! that ends every verb at once; where conductor and interfaces are what matters, with the real ones.

#[cfg(test)]
mod absent;
#[cfg(test)]
mod basic_auth;
#[cfg(test)]
mod callbacks;
#[cfg(test)]
mod conductor;
#[cfg(test)]
mod inspector;
#[cfg(test)]
mod introspection;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod portgroups;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod service;
#[cfg(test)]
mod validate;
#[cfg(test)]
mod versions;
