-- One row for every table of migration 1. The test binds bytes to $1.

insert into accounts (account_id, name, created_at) values ('acc-s', 'sample', '2026-01-02T03:04:05.123456+00:00');
insert into users (account_id, user_id, username, full_name, created_at)
values ('acc-s', 'ada', 'ada', 'Ada', '2026-01-02T03:04:05+00:00');
insert into api_keys (account_id, key_id, user_id, role, name, hash, prefix, created_at, expires_at, last_used_at,
                      revoked_at)
values ('acc-s', 'key-1', 'ada', 'admin', 'ci', $1, 'ak_', '2026-01-02T03:04:05+00:00', null, null, null);
insert into servers (account_id, server_id, owner_user_id, made_by_admin, name, description, custom_instructions,
                     restrictions, tool_mode, identity, requests_per_minute, created_at, updated_at)
values ('acc-s', 'server-1', 'ada', true, 'Server', '', '', '{}', 'dynamic', 'header', 100,
        '2026-01-02T03:04:05+00:00', '2026-01-02T03:04:05+00:00');
insert into access_tokens (account_id, token_id, server_id, name, hash, sealed, is_primary, created_at, expires_at,
                           last_used_at)
values ('acc-s', 'token-1', 'server-1', 'laptop', $1, $1, true, '2026-01-02T03:04:05+00:00',
        '2026-04-02T03:04:05+00:00', null);
insert into server_prompts (account_id, server_id, name, title, description, arguments, template)
values ('acc-s', 'server-1', 'greet', null, null, '[]', 'Hello');
insert into server_resources (account_id, server_id, uri, name, description, mime_type, text, blob)
values ('acc-s', 'server-1', 'x:1', 'One', null, null, null, $1);
insert into connectors (account_id, connector_id, definition, source_format, created_at, updated_at)
values ('acc-s', 'crm', 'id: crm', 'definition', '2026-01-02T03:04:05+00:00', '2026-01-02T03:04:05+00:00');
insert into credentials (account_id, credential_id, user_id, connector_id, name, type, status, status_reason, sealed,
                         public_fields, scopes, expires_at, created_at, updated_at, last_used_at)
values ('acc-s', 'cred-1', 'ada', 'crm', 'work', 'bearer', 'active', null, $1, '{}', '[]', null,
        '2026-01-02T03:04:05+00:00', '2026-01-02T03:04:05+00:00', null);
insert into data_keys (account_id, key_id, wrapped, created_at)
values ('acc-s', '00000000', $1, '2026-01-02T03:04:05+00:00');
insert into auth_configs (account_id, connector_id, client_id, sealed_client_secret, scopes, extra, created_at,
                          updated_at)
values ('acc-s', 'crm', 'client', null, '[]', '{}', '2026-01-02T03:04:05+00:00', '2026-01-02T03:04:05+00:00');
insert into issuers (account_id, issuers, sealed_secrets, updated_at)
values ('acc-s', '[]', null, '2026-01-02T03:04:05+00:00');
insert into account_settings (account_id, key, value) values ('acc-s', 'retention', '30');
insert into executions (account_id, execution_id, server_id, token_id, key_id, user_id, surface, connector_id,
                        action_id, credential_id, read_only, status, error_code, upstream_status, started_at,
                        finished_at, duration_us, attempts, request_bytes, response_bytes, arguments, result,
                        idempotency_key, cache, request_id)
values ('acc-s', 'e1', 'server-1', 'token-1', null, 'ada', 'mcp', 'crm', 'list', 'cred-1', true, 'succeeded', null,
        200, '2026-01-02T03:04:05+00:00', '2026-01-02T03:04:06+00:00', 1000000, 1, 0, 10, '{}', '[]', null, null, null);
insert into idempotency_keys (account_id, user_id, connector_id, action_id, key, digest, execution_id, outcome,
                              created_at, expires_at)
values ('acc-s', 'ada', 'crm', 'list', 'k', $1, 'e1', null, '2026-01-02T03:04:05+00:00',
        '2026-01-03T03:04:05+00:00');
insert into kept_results (account_id, result_id, user_id, server_id, connector_id, action_id, body, created_at,
                          expires_at)
values ('acc-s', 'r1', 'ada', null, 'crm', 'list', '[]', '2026-01-02T03:04:05+00:00', '2026-01-03T03:04:05+00:00');
insert into audit_entries (account_id, number, at, actor, action, target, details, previous_hash, hash)
values ('acc-s', 1, '2026-01-02T03:04:05+00:00', '{}', 'sample', 'acc-s', '{}', $1, $1);
