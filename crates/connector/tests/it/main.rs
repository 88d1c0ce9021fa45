//! The engine from outside: real definitions, real descriptions.

#[cfg(test)]
mod fixtures;
mod search;
#[cfg(test)]
mod verify;
