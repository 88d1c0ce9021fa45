//! The engine from outside: real definitions, real descriptions.

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod search;
#[cfg(test)]
mod verify;
