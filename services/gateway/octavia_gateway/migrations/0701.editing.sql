-- depends: 0601.webhooks
-- Languages of finished jobs that somebody has edited. `base` is the result that revision 0 is read from.
CREATE TABLE edited_languages (
    job_id    uuid    NOT NULL,
    language  text    NOT NULL,
    user_id   uuid    NOT NULL,
    base      jsonb   NOT NULL, -- ArtifactRef of a documents.DubResult
    head      integer NOT NULL DEFAULT 0,
    rendered  integer NOT NULL DEFAULT 0,
    PRIMARY KEY (job_id, language)
);
CREATE INDEX edited_languages_of ON edited_languages (user_id);
CALL protect_by_tenant('edited_languages', 'SELECT, INSERT, UPDATE');

-- What each revision changed of the one before it, or which earlier one it went back to.
CREATE TABLE revisions (
    job_id     uuid        NOT NULL,
    language   text        NOT NULL,
    revision   integer     NOT NULL CHECK (revision > 0),
    user_id    uuid        NOT NULL,
    changes    jsonb       NOT NULL DEFAULT '[]',
    back_to    integer,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (job_id, language, revision)
);
CREATE INDEX revisions_of ON revisions (user_id);
CALL protect_by_tenant('revisions', 'SELECT, INSERT');

-- Runs that put an edited language together anew; each has a hold id of its own, which holds nothing.
CREATE TABLE renders (
    hold_id     uuid        PRIMARY KEY,
    job_id      uuid        NOT NULL,
    language    text        NOT NULL,
    user_id     uuid        NOT NULL,
    revision    integer     NOT NULL,
    status      text        NOT NULL DEFAULT 'rendering' CHECK (status IN ('rendering', 'completed', 'failed')),
    error       jsonb,      -- octavia_common.events.JobError
    started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    deadline_at timestamptz NOT NULL,
    finished_at timestamptz
);
CREATE UNIQUE INDEX renders_at_work ON renders (job_id, language) WHERE status = 'rendering';
CREATE INDEX renders_at_work_of ON renders (user_id) WHERE status = 'rendering';
CREATE INDEX renders_of ON renders (user_id);
CREATE INDEX renders_newest ON renders (job_id, language, started_at DESC);
CALL protect_by_tenant('renders', 'SELECT, INSERT');
