-- depends: 0102.accounts
-- Jobs as their owner sees them: what was asked for, and what the events of all services say of it.
CREATE TABLE jobs (
    job_id              uuid        PRIMARY KEY,
    user_id             uuid        NOT NULL,
    kind                text        NOT NULL,
    file_id             uuid        NOT NULL,
    spec                jsonb       NOT NULL, -- octavia_common.events.JobSpec
    quote_credits       integer     NOT NULL,
    price_version       text        NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    deleted_at          timestamptz,

    -- The run in hand: the latest processing of the job.
    attempt             integer     NOT NULL DEFAULT 0,
    hold_id             uuid,
    submitted_at        timestamptz,
    deadline_at         timestamptz,
    heard_at            timestamptz, -- when anything was last heard of the run
    cancel_requested_at timestamptz,
    given_up_at         timestamptz, -- when the deadline or stall limit was found passed

    -- What the events said of it.
    status              text        NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'queued', 'processing', 'completed', 'failed', 'cancelled')),
    phase               text        NOT NULL DEFAULT 'PENDING',
    progress_permille   integer     NOT NULL DEFAULT 0 CHECK (progress_permille BETWEEN 0 AND 1000),
    current_step        text        NOT NULL DEFAULT '',
    started_at          timestamptz,
    finished_at         timestamptz,
    chunks              integer,
    transcribed         bytea       NOT NULL DEFAULT '', -- bit chunk * languages + language, little-endian
    translated          bytea       NOT NULL DEFAULT '',
    synthesized         bytea       NOT NULL DEFAULT '',
    outputs             jsonb       NOT NULL DEFAULT '{}', -- language → octavia_common.events.Output
    charged             integer,
    error               jsonb       -- octavia_common.events.JobError
);
CREATE INDEX jobs_newest ON jobs (user_id, created_at DESC, job_id DESC) WHERE deleted_at IS NULL;
CREATE INDEX jobs_at_work ON jobs (heard_at) WHERE status IN ('queued', 'processing');
CREATE INDEX jobs_deleted ON jobs (deleted_at) WHERE deleted_at IS NOT NULL;

-- Objects that stages put into the store for a job, so that deleting it deletes them. A key may belong to
-- several jobs of one user.
CREATE TABLE job_artifacts (
    job_id  uuid NOT NULL,
    user_id uuid NOT NULL,
    key     text NOT NULL,
    PRIMARY KEY (job_id, key)
);
CREATE INDEX job_artifacts_key ON job_artifacts (key);

-- What a user's streams were told, numbered without gaps: each number is drawn from a locked row in the
-- transaction that writes the event, so whoever has seen n misses nothing below it.
CREATE TABLE user_streams (
    user_id  uuid   PRIMARY KEY,
    last_seq bigint NOT NULL
);
CREATE TABLE job_events (
    user_id    uuid        NOT NULL,
    seq        bigint      NOT NULL,
    job_id     uuid        NOT NULL,
    kind       text        NOT NULL,
    body       text        NOT NULL, -- JSON, exactly as it is sent
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, seq)
);
CREATE INDEX job_events_job ON job_events (job_id, seq);
CREATE INDEX job_events_age ON job_events (created_at);

CALL protect_by_tenant('jobs', 'SELECT, INSERT, UPDATE');
CALL protect_by_tenant('job_artifacts', 'SELECT, DELETE');
CALL protect_by_tenant('user_streams', 'SELECT');
CALL protect_by_tenant('job_events', 'SELECT');
