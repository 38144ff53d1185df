-- depends: 0701.editing
-- Other files made of a finished job's results. `digest` names all that one is made of: it is made once.
CREATE TABLE exports (
    export_id   uuid        PRIMARY KEY, -- the hold id of its run, which holds nothing
    job_id      uuid        NOT NULL REFERENCES jobs ON DELETE CASCADE,
    user_id     uuid        NOT NULL,
    digest      text        NOT NULL,
    kind        text        NOT NULL,
    container   text        NOT NULL,
    languages   text[]      NOT NULL,
    subtitles   jsonb,      -- octavia_common.events.ExportSubtitles
    results     text[]      NOT NULL, -- digests of the results that it is made of
    status      text        NOT NULL DEFAULT 'making' CHECK (status IN ('making', 'completed', 'failed')),
    media       jsonb,      -- ArtifactRef
    notes       jsonb       NOT NULL DEFAULT '[]',
    error       jsonb,      -- octavia_common.events.JobError
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    deadline_at timestamptz NOT NULL,
    finished_at timestamptz
);
CREATE UNIQUE INDEX exports_once ON exports (job_id, digest) WHERE status <> 'failed';
CREATE INDEX exports_at_work_of ON exports (user_id) WHERE status = 'making';
CREATE INDEX exports_of ON exports (user_id);
CREATE INDEX exports_newest ON exports (job_id, created_at DESC);
CALL protect_by_tenant('exports', 'SELECT, INSERT');
