//! Tests of the whole product from outside, in one binary so that they link once.

mod acting;
mod authority;
mod durability;
mod exchange;
mod identity;
mod limits;
mod malformed;
mod peers;
mod process;
mod restrictions;
mod secrets;
mod seed;
mod servers;
mod streams;
mod world;
