//! Answers, by table.
