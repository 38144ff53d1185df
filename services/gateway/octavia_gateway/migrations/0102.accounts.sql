-- depends: 0101.tenant-role
-- Accounts, their sessions and keys. Secrets are kept as digests only.
CREATE TABLE users (
    user_id       uuid        PRIMARY KEY,
    email         text        NOT NULL,
    email_key     text        NOT NULL UNIQUE, -- folded, so that one address has one account
    password_hash text        NOT NULL,        -- argon2id, PHC format
    is_admin      boolean     NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- A session is a family of refresh tokens, each used once: showing one again revokes the family.
CREATE TABLE sessions (
    session_id uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    reason     text
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    token_hash bytea       PRIMARY KEY,
    session_id uuid        NOT NULL REFERENCES sessions ON DELETE CASCADE,
    user_id    uuid        NOT NULL,
    issued_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at    timestamptz
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE api_keys (
    key_id       uuid        PRIMARY KEY,
    user_id      uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    name         text        NOT NULL,
    hint         text        NOT NULL, -- the key's first characters, to tell keys apart
    key_hash     bytea       NOT NULL UNIQUE,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_used_at timestamptz
);
CREATE INDEX api_keys_user ON api_keys (user_id, created_at DESC);

CALL protect_by_tenant('users', 'SELECT');
CALL protect_by_tenant('sessions', 'SELECT, UPDATE');
CALL protect_by_tenant('api_keys', 'SELECT, INSERT, DELETE');
CALL protect_by_tenant('refresh_tokens', ''); -- nothing granted: no request of a user ever reads it

-- What a POST with an Idempotency-Key answered; the answer is sealed, for it may hold a token.
CREATE TABLE idempotency (
    scope       text        NOT NULL, -- the user, or a digest of an anonymous request
    key         text        NOT NULL,
    fingerprint bytea       NOT NULL, -- of method, path and body
    status      integer,              -- NULL while the first request is still at work
    sealed      text,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    busy_until  timestamptz NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);
