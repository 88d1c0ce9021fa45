//! Cutting, by table and by property.
