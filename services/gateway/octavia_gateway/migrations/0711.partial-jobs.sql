-- depends: 0701.editing
-- Languages of a job end each for itself, can be added to a finished job, and wait for review.
ALTER TABLE jobs
    -- The languages that the run in hand makes, in the order asked for; null: all of the job's.
    ADD COLUMN run_languages  jsonb,
    -- Languages that are missing, of this run and of earlier ones: language → octavia_common.events.JobError
    ADD COLUMN failed         jsonb   NOT NULL DEFAULT '{}',
    -- Results of earlier runs, and what was paid for them: language → octavia_common.events.Output
    ADD COLUMN kept           jsonb   NOT NULL DEFAULT '{}',
    ADD COLUMN charged_before integer NOT NULL DEFAULT 0,
    -- How the source was cut: octavia_common.events.ArtifactRef of a documents.ChunkPlan
    ADD COLUMN plan           jsonb,
    ADD COLUMN held           bytea   NOT NULL DEFAULT '', -- as `transcribed`: what waits for review
    ADD COLUMN review_ended   boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT jobs_status_check,
    ADD CONSTRAINT jobs_status_check CHECK (status IN ('pending', 'queued', 'processing', 'review', 'completed',
        'partially_completed', 'failed', 'cancelled'));

DROP INDEX jobs_at_work;
CREATE INDEX jobs_at_work ON jobs (heard_at) WHERE status IN ('queued', 'processing', 'review');
DROP INDEX jobs_at_work_of;
CREATE INDEX jobs_at_work_of ON jobs (user_id) WHERE status IN ('queued', 'processing', 'review');
DROP INDEX jobs_to_sweep;
CREATE INDEX jobs_to_sweep ON jobs (finished_at)
    WHERE status IN ('completed', 'partially_completed', 'failed', 'cancelled')
      AND (swept_at IS NULL OR swept_at < finished_at);
DROP INDEX jobs_by_age;
CREATE INDEX jobs_by_age ON jobs (coalesce(finished_at, created_at))
    WHERE deleted_at IS NULL AND status IN ('pending', 'completed', 'partially_completed', 'failed', 'cancelled');
