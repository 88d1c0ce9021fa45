//! Arguments, by table.
