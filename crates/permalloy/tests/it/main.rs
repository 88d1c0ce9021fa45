//! Tests of the whole product from outside, in one binary so that they link once.

mod durability;
mod authority;
mod exchange;
mod peers;
mod process;
mod seed;
mod world;
