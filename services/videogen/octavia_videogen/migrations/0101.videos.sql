-- One video of one hold, from its reservation to the end of all that may still be heard of it.
CREATE TABLE task (
    hold_id       uuid PRIMARY KEY,
    user_id       uuid        NOT NULL,
    job           jsonb       NOT NULL,
    -- Emptied of the user's words when the task is over.
    spec          jsonb       NOT NULL,
    provider      text        NOT NULL,
    stage         text        NOT NULL DEFAULT 'queued'
                  CHECK (stage IN ('queued', 'ordering', 'running', 'fetching', 'kept', 'over')),
    -- How the hold's fate was told; never told twice.
    outcome       text        CHECK (outcome IN ('generated', 'failed', 'ended')),
    provider_task text,
    -- The id came by a call-back; the provider's record has still to bear it out.
    adopted       boolean     NOT NULL DEFAULT false,
    -- What the last call-back called it, and when that came: a look that began before it has seen less.
    hinted_task   text,
    hinted_at     timestamptz,
    -- The provider was asked to give it up.
    cancel_asked  boolean     NOT NULL DEFAULT false,
    shown_state   text        NOT NULL DEFAULT 'pending',
    percent       smallint    NOT NULL DEFAULT 0,
    reserved_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    ordered_at    timestamptz,
    deadline_at   timestamptz NOT NULL,
    released_at   timestamptz,
    over_at       timestamptz,
    -- When the stage has something to do next.
    next_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    troubles      integer     NOT NULL DEFAULT 0,
    results       text[]      NOT NULL DEFAULT '{}',
    traceparent   text        NOT NULL DEFAULT '',
    -- Who works on it, until when; a killed one's work is free again then.
    lease         uuid,
    leased_until  timestamptz
);
CREATE UNIQUE INDEX task_provider_task ON task (provider, provider_task) WHERE provider_task IS NOT NULL;
CREATE INDEX task_next ON task (stage, next_at) WHERE stage <> 'over';
CREATE INDEX task_over ON task (over_at) WHERE stage = 'over';

-- One order, on record before it is sent.
CREATE TABLE attempt (
    attempt_id    uuid PRIMARY KEY,
    hold_id       uuid        NOT NULL REFERENCES task ON DELETE CASCADE,
    number        integer     NOT NULL,
    -- What was sent, without secrets and signed addresses.
    request       jsonb,
    state         text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'created', 'refused', 'lost')),
    provider_task text,
    answer        text        NOT NULL DEFAULT '',
    begun_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    answered_at   timestamptz,
    UNIQUE (hold_id, number)
);
-- At most one order of a run may be on its way, or unaccounted for.
CREATE UNIQUE INDEX attempt_unsettled ON attempt (hold_id) WHERE state IN ('open', 'lost', 'created');

-- Endings of runs, of whatever kind of job: one may overtake the reservation it ends.
CREATE TABLE ended (
    hold_id  uuid PRIMARY KEY,
    ended_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ended_at ON ended (ended_at);

-- When requests were sent to a provider, by all replicas, as far as its limit remembers.
CREATE TABLE rate (
    bucket text PRIMARY KEY,
    uses   timestamptz[] NOT NULL DEFAULT '{}'
);

-- Clips that this machine draws by itself.
CREATE TABLE render (
    hold_id      uuid PRIMARY KEY,
    user_id      uuid        NOT NULL,
    spec         jsonb       NOT NULL,
    picture      jsonb,
    state        text        NOT NULL DEFAULT 'queuing'
                 CHECK (state IN ('queuing', 'generating', 'success', 'fail')),
    figure       real        NOT NULL DEFAULT 0,
    reason       text        NOT NULL DEFAULT '',
    tries        integer     NOT NULL DEFAULT 0,
    asked_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease        uuid,
    leased_until timestamptz
);
CREATE INDEX render_waiting ON render (asked_at) WHERE state IN ('queuing', 'generating');
