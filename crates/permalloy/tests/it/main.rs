//! Tests of the whole product from outside, in one binary so that they link once.

mod authority;
mod durability;
mod exchange;
mod malformed;
mod peers;
mod process;
mod restrictions;
mod seed;
mod world;
