-- The ledger. Everything of one user hangs on the row of their account: who locks it, in id order,
-- may change what they have. Amounts are whole credits.

-- Balances are stored so that a spend needs no sum; `octavia ledger verify` rebuilds them from entries.
CREATE TABLE accounts (
    user_id   uuid PRIMARY KEY,
    available bigint NOT NULL DEFAULT 0 CHECK (available >= 0),
    held      bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    seq       bigint NOT NULL DEFAULT 0,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- A line of a user's history is one transaction: numbered without gaps, never changed.
CREATE TABLE transactions (
    user_id       uuid        NOT NULL REFERENCES accounts,
    seq           bigint      NOT NULL CHECK (seq > 0),
    kind          text        NOT NULL CHECK (kind IN ('grant', 'reserve', 'capture', 'release', 'expire')),
    credits       bigint      NOT NULL CHECK (credits > 0),
    reason        text        NOT NULL,
    job_id        uuid,
    hold_id       uuid,
    grant_id      uuid,
    balance_after bigint      NOT NULL CHECK (balance_after >= 0),
    held_after    bigint      NOT NULL CHECK (held_after >= 0),
    posted_at     timestamptz NOT NULL,
    PRIMARY KEY (user_id, seq)
);

-- Its two sides. `available` and `held` are the user's, the other books the platform's; those have no
-- stored balance, or every transaction would wait for the same row.
CREATE TABLE entries (
    user_id uuid   NOT NULL,
    seq     bigint NOT NULL,
    book    text   NOT NULL CHECK (book IN ('available', 'held', 'granted', 'revenue', 'expired')),
    amount  bigint NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (user_id, seq, book),
    FOREIGN KEY (user_id, seq) REFERENCES transactions
);

-- `live` changes once in a grant's life. Indexes that ask for it, and not for `remaining`, leave
-- the many updates of `remaining` heap-only.
CREATE TABLE grants (
    id         uuid PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES accounts,
    source     text        NOT NULL CHECK (source IN ('welcome', 'purchase', 'promotion', 'refund')),
    priority   integer     NOT NULL,
    amount     bigint      NOT NULL CHECK (amount >= 0),
    remaining  bigint      NOT NULL CHECK (remaining BETWEEN 0 AND amount),
    age        bigint      NOT NULL,
    expires_at timestamptz,
    reason     text        NOT NULL,
    granted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    live       boolean     NOT NULL GENERATED ALWAYS AS (remaining > 0) STORED
) WITH (fillfactor = 70);
CREATE INDEX grants_live ON grants (user_id) WHERE live;
CREATE INDEX grants_expiring ON grants (expires_at) WHERE live AND expires_at IS NOT NULL;

-- The arbiter: one row a run of a job, which leaves the state `held` once.
CREATE TABLE holds (
    id          uuid PRIMARY KEY,
    user_id     uuid        NOT NULL REFERENCES accounts,
    job_id      uuid        NOT NULL,
    amount      bigint      NOT NULL CHECK (amount >= 0),
    captured    bigint      NOT NULL DEFAULT 0 CHECK (captured BETWEEN 0 AND amount),
    state       text        NOT NULL CHECK (state IN ('held', 'captured', 'released', 'rejected')),
    purpose     text        NOT NULL,
    deadline_at timestamptz,
    created_at  timestamptz NOT NULL,
    resolved_at timestamptz,
    CHECK ((state = 'held') = (resolved_at IS NULL)),
    CHECK (state = 'captured' OR captured = 0),
    CHECK (state <> 'rejected' OR amount = 0)
);
CREATE INDEX holds_open ON holds (deadline_at) WHERE state = 'held';

-- What a hold draws from which grant; after a capture in part, what it has spent.
CREATE TABLE hold_parts (
    hold_id  uuid   NOT NULL REFERENCES holds,
    position integer NOT NULL,
    grant_id uuid   NOT NULL REFERENCES grants,
    amount   bigint NOT NULL CHECK (amount > 0),
    PRIMARY KEY (hold_id, position)
);

-- Price lists that were ever in force: a quote is held against the list it was read from.
CREATE TABLE price_lists (
    version      text PRIMARY KEY,
    prices       jsonb       NOT NULL,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
