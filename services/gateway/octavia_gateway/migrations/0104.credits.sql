-- depends: 0103.jobs
-- Balance, history and prices as billing told them; billing's own ledger is the truth.
CREATE TABLE balances (
    user_id   uuid    PRIMARY KEY,
    seq       bigint  NOT NULL, -- the newest line of the history in it
    available integer NOT NULL,
    held      integer NOT NULL
);
CREATE TABLE credit_history (
    user_id       uuid        NOT NULL,
    seq           bigint      NOT NULL,
    entry_id      uuid        NOT NULL,
    kind          text        NOT NULL,
    amount        integer     NOT NULL,
    credits       integer     NOT NULL,
    balance_after integer     NOT NULL,
    held_after    integer     NOT NULL,
    reason        text        NOT NULL,
    job_id        uuid,
    posted_at     timestamptz NOT NULL,
    PRIMARY KEY (user_id, seq)
);
CREATE TABLE price_list (
    only_row     boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    prices       jsonb       NOT NULL, -- octavia_common.pricing.PriceList
    published_at timestamptz NOT NULL
);
GRANT SELECT ON price_list TO octavia_gateway_tenant;

-- Which administrator granted what to whom, and why; never changed, read by auditors alone.
CREATE TABLE admin_grants (
    grant_id     uuid        PRIMARY KEY,
    user_id      uuid        NOT NULL,
    amount       integer     NOT NULL,
    source       text        NOT NULL,
    reason       text        NOT NULL,
    expires_at   timestamptz,
    requested_by uuid        NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CALL protect_by_tenant('balances', 'SELECT');
CALL protect_by_tenant('credit_history', 'SELECT');
