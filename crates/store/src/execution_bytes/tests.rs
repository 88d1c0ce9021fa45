//! Packing and reading records: round trips, and bytes that are none.

use super::*;

fn record() -> ExecutionRecord {
    ExecutionRecord {
        account_id: "acc".into(),
        execution_id: "e1".into(),
        server_id: None,
        token_id: Some("token".into()),
        key_id: Some("".into()),
        user_id: "ada".into(),
        surface: "mcp".into(),
        connector_id: "slack".into(),
        action_id: "echo".into(),
        credential_id: None,
        read_only: true,
        status: ExecutionStatus::Failed,
        error_code: Some("ä\0".into()),
        upstream_status: None,
        started_at: DateTime::from_timestamp(-1, 123_456_789).unwrap(),
        finished_at: None,
        duration_us: Some(-1),
        attempts: 2,
        request_bytes: i64::MAX,
        response_bytes: i64::MIN,
        arguments: Some("{}".into()),
        result: None,
        idempotency_key: None,
        cache: None,
        request_id: Some("request".into()),
    }
}

#[test]
fn what_was_packed_is_unpacked_the_same_and_in_order() {
    let other = ExecutionRecord { execution_id: "e2".into(), ..record() };
    let batch = pack(&[record(), other.clone()]).unwrap();
    let records: Vec<_> = split(&batch).unwrap().into_iter().map(|packed| packed.unpack().unwrap()).collect();
    assert_eq!(format!("{records:?}"), format!("{:?}", [record(), other]));
}

#[test]
fn bytes_that_end_early_or_are_of_another_layout_are_refused() {
    let batch = pack(&[record()]).unwrap();
    for length in (0..batch.len()).filter(|length| *length != 1) {
        assert!(split(&batch[..length]).is_err(), "{length}");
    }
    assert!(split(&[&[LAYOUT + 1], &batch[1..]].concat()).is_err());
    for index in 1..batch.len() {
        let mut bent = batch.clone();
        bent[index] = 0xff;
        // Refused or read as something else: it must only not panic.
        if let Ok(records) = split(&bent) {
            for packed in records {
                drop(packed.unpack());
            }
        }
    }
}
