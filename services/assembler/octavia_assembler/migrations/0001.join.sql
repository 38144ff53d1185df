-- What has arrived of each run of a job (a run is named by its hold), until the run is over.

CREATE TABLE run (
    hold_id    uuid PRIMARY KEY,
    -- NULL until the plan has arrived: a chunk may overtake it.
    job        jsonb,
    spec       jsonb,
    plan       jsonb,
    chunks     integer,
    finished   boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX run_created_at ON run (created_at);

CREATE TABLE chunk (
    hold_id         uuid NOT NULL REFERENCES run ON DELETE CASCADE,
    target_language text NOT NULL,
    index           integer NOT NULL,
    speech          jsonb NOT NULL,
    PRIMARY KEY (hold_id, target_language, index)
);

CREATE TABLE language (
    hold_id         uuid NOT NULL REFERENCES run ON DELETE CASCADE,
    target_language text NOT NULL,
    -- The order in which the languages were asked for.
    position        integer NOT NULL,
    requested       boolean NOT NULL DEFAULT false,
    media           jsonb,
    result          jsonb,
    PRIMARY KEY (hold_id, target_language)
);
