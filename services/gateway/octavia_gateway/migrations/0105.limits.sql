-- depends: 0102.accounts
-- How much callers have used of their limits, shared by all replicas. Both tables are UNLOGGED: a use costs no
-- write to disk, and a crash of the server forgives what was used. Callers are kept as digests. Nothing is
-- granted to tenants: these rows belong to no user.

-- A bucket by GCRA: it is full again at `full_at` (seconds since 1970), and each token taken moves that moment on.
CREATE UNLOGGED TABLE rate_limits (
    bucket  bytea            PRIMARY KEY,
    full_at double precision NOT NULL,
    granted integer          NOT NULL -- tokens that the latest taking got, for its RETURNING
);
CREATE INDEX rate_limits_full ON rate_limits (full_at);

-- Tries to log in to one account from one address since the last that succeeded.
CREATE UNLOGGED TABLE login_tries (
    pair     bytea            PRIMARY KEY,
    tries    integer          NOT NULL,
    free_at  double precision NOT NULL, -- before this (seconds since 1970) no other try is let through
    tried_at double precision NOT NULL
);
CREATE INDEX login_tries_age ON login_tries (tried_at);
