-- Every table of an account has account_id first in its primary key and in its foreign keys, so that no row can
-- refer to another account's. Ids collate as bytes, as they do in SQLite, so that pages are the same
-- everywhere. JSON is text.

create table accounts (
    account_id text collate "C" not null primary key,
    name text collate "C" not null constraint accounts_name unique,
    created_at timestamptz not null
);

-- One row: grows with every change of management data.
create table changes (
    id bigint not null primary key check (id = 1),
    number bigint not null
);
insert into changes (id, number) values (1, 0);

create table users (
    account_id text collate "C" not null references accounts (account_id) on delete cascade,
    user_id text collate "C" not null,
    username text collate "C" not null,
    full_name text,
    created_at timestamptz not null,
    primary key (account_id, user_id),
    constraint users_username unique (account_id, username)
);

create table api_keys (
    account_id text collate "C" not null,
    key_id text collate "C" not null,
    user_id text collate "C" not null,
    role text not null check (role in ('admin', 'member')),
    name text collate "C" not null,
    -- SHA-256 of the secret, which itself is not stored.
    hash bytea not null constraint api_keys_hash unique,
    -- The secret's first characters, for people to recognise it by.
    prefix text not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    primary key (account_id, key_id),
    foreign key (account_id, user_id) references users (account_id, user_id) on delete cascade
);
create index api_keys_by_user on api_keys (account_id, user_id);

create table servers (
    account_id text collate "C" not null,
    server_id text collate "C" not null constraint servers_server_id unique,
    owner_user_id text collate "C" not null,
    made_by_admin boolean not null,
    name text collate "C" not null,
    description text not null,
    custom_instructions text not null,
    restrictions text not null,
    tool_mode text not null check (tool_mode in ('dynamic', 'direct', 'both')),
    identity text not null check (identity in ('header', 'jwt', 'owner')),
    requests_per_minute bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (account_id, server_id),
    constraint servers_name unique (account_id, owner_user_id, name),
    foreign key (account_id, owner_user_id) references users (account_id, user_id) on delete cascade
);
create index servers_by_age on servers (account_id, created_at, server_id);

create table access_tokens (
    account_id text collate "C" not null,
    token_id text collate "C" not null,
    server_id text collate "C" not null,
    name text collate "C" not null,
    hash bytea not null constraint access_tokens_hash unique,
    -- The secret sealed by the vault, where the installation shows it again.
    sealed bytea,
    is_primary boolean not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    last_used_at timestamptz,
    primary key (account_id, token_id),
    foreign key (account_id, server_id) references servers (account_id, server_id) on delete cascade
);
create index access_tokens_by_server on access_tokens (account_id, server_id);
create unique index access_tokens_primary on access_tokens (account_id, server_id) where is_primary;

create table server_prompts (
    account_id text collate "C" not null,
    server_id text collate "C" not null,
    name text collate "C" not null,
    title text,
    description text,
    arguments text not null,
    template text not null,
    primary key (account_id, server_id, name),
    foreign key (account_id, server_id) references servers (account_id, server_id) on delete cascade
);

create table server_resources (
    account_id text collate "C" not null,
    server_id text collate "C" not null,
    uri text collate "C" not null,
    name text collate "C" not null,
    description text,
    mime_type text,
    text text,
    blob bytea,
    primary key (account_id, server_id, uri),
    foreign key (account_id, server_id) references servers (account_id, server_id) on delete cascade
);

create table connectors (
    account_id text collate "C" not null references accounts (account_id) on delete cascade,
    connector_id text collate "C" not null,
    definition text not null,
    source_format text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (account_id, connector_id)
);

create table credentials (
    account_id text collate "C" not null,
    credential_id text collate "C" not null,
    user_id text collate "C" not null,
    connector_id text collate "C" not null,
    name text collate "C" not null,
    type text not null,
    status text not null check (status in ('active', 'expired', 'revoked', 'error')),
    status_reason text,
    -- One JSON object of all secret fields, sealed by the vault.
    sealed bytea not null,
    public_fields text not null,
    scopes text not null,
    expires_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    last_used_at timestamptz,
    primary key (account_id, credential_id),
    foreign key (account_id, user_id) references users (account_id, user_id) on delete cascade
);
create index credentials_by_user on credentials (account_id, user_id, connector_id, created_at);

create table data_keys (
    account_id text collate "C" not null references accounts (account_id) on delete cascade,
    key_id text collate "C" not null,
    wrapped bytea not null,
    created_at timestamptz not null,
    primary key (account_id, key_id)
);

create table auth_configs (
    account_id text collate "C" not null references accounts (account_id) on delete cascade,
    connector_id text collate "C" not null,
    client_id text collate "C" not null,
    sealed_client_secret bytea,
    scopes text not null,
    extra text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (account_id, connector_id)
);

create table issuers (
    account_id text collate "C" not null primary key references accounts (account_id) on delete cascade,
    issuers text not null,
    sealed_secrets bytea,
    updated_at timestamptz not null
);

create table account_settings (
    account_id text collate "C" not null references accounts (account_id) on delete cascade,
    key text collate "C" not null,
    value text not null,
    primary key (account_id, key)
);

-- Written twice for every run, so it has as few indexes as its lists can live with, and refers to nothing: a
-- record outlives its server, user and credential. Ids grow with time, so the primary key is the newest-first
-- order.
create table executions (
    account_id text collate "C" not null,
    execution_id text collate "C" not null,
    server_id text collate "C",
    token_id text collate "C",
    key_id text collate "C",
    user_id text collate "C" not null,
    surface text not null,
    connector_id text collate "C" not null,
    action_id text collate "C" not null,
    credential_id text collate "C",
    read_only boolean not null,
    status text not null,
    error_code text,
    upstream_status bigint,
    started_at timestamptz not null,
    finished_at timestamptz,
    duration_us bigint,
    attempts bigint not null,
    request_bytes bigint not null,
    response_bytes bigint not null,
    arguments text,
    result text,
    idempotency_key text,
    cache text,
    request_id text collate "C",
    primary key (account_id, execution_id)
);
create index executions_by_user on executions (account_id, user_id, execution_id);
create index executions_running on executions (started_at) where status = 'running';

create table idempotency_keys (
    account_id text collate "C" not null,
    user_id text collate "C" not null,
    connector_id text collate "C" not null,
    action_id text collate "C" not null,
    key text collate "C" not null,
    -- Of the parameters: the same key with others is a conflict.
    digest bytea not null,
    execution_id text collate "C" not null,
    outcome text,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (account_id, user_id, connector_id, action_id, key)
);
create index idempotency_keys_by_expiry on idempotency_keys (expires_at);

create table kept_results (
    account_id text collate "C" not null,
    result_id text collate "C" not null,
    user_id text collate "C" not null,
    server_id text collate "C",
    connector_id text collate "C" not null,
    action_id text collate "C" not null,
    body text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (account_id, result_id)
);
create index kept_results_by_expiry on kept_results (expires_at);

-- Append-only: each entry carries the hash of the one before.
create table audit_entries (
    account_id text collate "C" not null,
    number bigint not null,
    at timestamptz not null,
    actor text not null,
    action text not null,
    target text not null,
    details text not null,
    previous_hash bytea not null,
    hash bytea not null,
    primary key (account_id, number)
);
