//! Requests, by table and by property.
