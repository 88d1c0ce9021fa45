//! Yet to be written.
