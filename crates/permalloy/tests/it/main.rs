//! Tests of the whole product from outside, in one binary so that they link once.

mod peers;
