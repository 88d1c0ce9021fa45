-- Every table of an account has account_id first in its primary key and in its foreign keys, so that no row can
-- refer to another account's. Times are text (RFC 3339, UTC), which sorts as the times do. JSON is text.

create table accounts (
    account_id text not null primary key,
    name text not null unique,
    created_at text not null
) strict;

-- One row: grows with every change of management data.
create table changes (
    id integer not null primary key check (id = 1),
    number integer not null
) strict;
insert into changes (id, number) values (1, 0);

create table users (
    account_id text not null references accounts (account_id) on delete cascade,
    user_id text not null,
    username text not null,
    full_name text,
    created_at text not null,
    primary key (account_id, user_id),
    unique (account_id, username)
) strict;

create table api_keys (
    account_id text not null,
    key_id text not null,
    user_id text not null,
    role text not null check (role in ('admin', 'member')),
    name text not null,
    -- SHA-256 of the secret, which itself is not stored.
    hash blob not null unique,
    -- The secret's first characters, for people to recognise it by.
    prefix text not null,
    created_at text not null,
    expires_at text,
    last_used_at text,
    revoked_at text,
    primary key (account_id, key_id),
    foreign key (account_id, user_id) references users (account_id, user_id) on delete cascade
) strict;
create index api_keys_by_user on api_keys (account_id, user_id);

create table servers (
    account_id text not null,
    server_id text not null unique,
    owner_user_id text not null,
    made_by_admin integer not null,
    name text not null,
    description text not null,
    custom_instructions text not null,
    restrictions text not null,
    tool_mode text not null check (tool_mode in ('dynamic', 'direct', 'both')),
    identity text not null check (identity in ('header', 'jwt', 'owner')),
    requests_per_minute integer not null,
    created_at text not null,
    updated_at text not null,
    primary key (account_id, server_id),
    unique (account_id, owner_user_id, name),
    foreign key (account_id, owner_user_id) references users (account_id, user_id) on delete cascade
) strict;
create index servers_by_age on servers (account_id, created_at, server_id);

create table access_tokens (
    account_id text not null,
    token_id text not null,
    server_id text not null,
    name text not null,
    hash blob not null unique,
    -- The secret sealed by the vault, where the installation shows it again.
    sealed blob,
    is_primary integer not null,
    created_at text not null,
    expires_at text not null,
    last_used_at text,
    primary key (account_id, token_id),
    foreign key (account_id, server_id) references servers (account_id, server_id) on delete cascade
) strict;
create index access_tokens_by_server on access_tokens (account_id, server_id);
create unique index access_tokens_primary on access_tokens (account_id, server_id) where is_primary;

create table server_prompts (
    account_id text not null,
    server_id text not null,
    name text not null,
    title text,
    description text,
    arguments text not null,
    template text not null,
    primary key (account_id, server_id, name),
    foreign key (account_id, server_id) references servers (account_id, server_id) on delete cascade
) strict;

create table server_resources (
    account_id text not null,
    server_id text not null,
    uri text not null,
    name text not null,
    description text,
    mime_type text,
    text text,
    blob blob,
    primary key (account_id, server_id, uri),
    foreign key (account_id, server_id) references servers (account_id, server_id) on delete cascade
) strict;

create table connectors (
    account_id text not null references accounts (account_id) on delete cascade,
    connector_id text not null,
    definition text not null,
    source_format text not null,
    created_at text not null,
    updated_at text not null,
    primary key (account_id, connector_id)
) strict;

create table credentials (
    account_id text not null,
    credential_id text not null,
    user_id text not null,
    connector_id text not null,
    name text not null,
    type text not null,
    status text not null check (status in ('active', 'expired', 'revoked', 'error')),
    status_reason text,
    -- One JSON object of all secret fields, sealed by the vault.
    sealed blob not null,
    public_fields text not null,
    scopes text not null,
    expires_at text,
    created_at text not null,
    updated_at text not null,
    last_used_at text,
    primary key (account_id, credential_id),
    foreign key (account_id, user_id) references users (account_id, user_id) on delete cascade
) strict;
create index credentials_by_user on credentials (account_id, user_id, connector_id, created_at);

create table data_keys (
    account_id text not null references accounts (account_id) on delete cascade,
    key_id text not null,
    wrapped blob not null,
    created_at text not null,
    primary key (account_id, key_id)
) strict;

create table auth_configs (
    account_id text not null references accounts (account_id) on delete cascade,
    connector_id text not null,
    client_id text not null,
    sealed_client_secret blob,
    scopes text not null,
    extra text not null,
    created_at text not null,
    updated_at text not null,
    primary key (account_id, connector_id)
) strict;

create table issuers (
    account_id text not null primary key references accounts (account_id) on delete cascade,
    issuers text not null,
    sealed_secrets blob,
    updated_at text not null
) strict;

create table account_settings (
    account_id text not null references accounts (account_id) on delete cascade,
    key text not null,
    value text not null,
    primary key (account_id, key)
) strict;

-- Written twice for every run, so it has as few indexes as its lists can live with, and refers to nothing: a
-- record outlives its server, user and credential. Ids grow with time, so the primary key is the newest-first
-- order.
create table executions (
    account_id text not null,
    execution_id text not null,
    server_id text,
    token_id text,
    key_id text,
    user_id text not null,
    surface text not null,
    connector_id text not null,
    action_id text not null,
    credential_id text,
    read_only integer not null,
    status text not null,
    error_code text,
    upstream_status integer,
    started_at text not null,
    finished_at text,
    duration_us integer,
    attempts integer not null,
    request_bytes integer not null,
    response_bytes integer not null,
    arguments text,
    result text,
    idempotency_key text,
    cache text,
    request_id text,
    primary key (account_id, execution_id)
) strict, without rowid;
create index executions_by_user on executions (account_id, user_id, execution_id);
create index executions_running on executions (started_at) where status = 'running';

-- Records of executions on their way into their table: one row for each batch.
create table execution_journal (
    number integer primary key,
    records blob not null
) strict;

create table idempotency_keys (
    account_id text not null,
    user_id text not null,
    connector_id text not null,
    action_id text not null,
    key text not null,
    -- Of the parameters: the same key with others is a conflict.
    digest blob not null,
    execution_id text not null,
    outcome text,
    created_at text not null,
    expires_at text not null,
    primary key (account_id, user_id, connector_id, action_id, key)
) strict, without rowid;
create index idempotency_keys_by_expiry on idempotency_keys (expires_at);

create table kept_results (
    account_id text not null,
    result_id text not null,
    user_id text not null,
    server_id text,
    connector_id text not null,
    action_id text not null,
    body text not null,
    created_at text not null,
    expires_at text not null,
    primary key (account_id, result_id)
) strict;
create index kept_results_by_expiry on kept_results (expires_at);

-- Append-only: each entry carries the hash of the one before.
create table audit_entries (
    account_id text not null,
    number integer not null,
    at text not null,
    actor text not null,
    action text not null,
    target text not null,
    details text not null,
    previous_hash blob not null,
    hash blob not null,
    primary key (account_id, number)
) strict;

-- Without statistics the planner takes the primary key for a user's list and reads the whole account. These are
-- the proportions of a large installation; `analyze` may replace them.
analyze sqlite_schema;
insert into sqlite_stat1 (tbl, idx, stat) values
    ('executions', 'executions', '1000000 100000 1'),
    ('executions', 'executions_by_user', '1000000 100000 1000 1');
