-- depends: 0711.partial-jobs
-- What waits for review, chunk by chunk; '' is the language of a transcript, which is of all languages.
CREATE TABLE held_chunks (
    hold_id     uuid    NOT NULL,
    chunk_index integer NOT NULL,
    language    text    NOT NULL,
    job_id      uuid    NOT NULL,
    user_id     uuid    NOT NULL,
    document    jsonb   NOT NULL, -- octavia_common.events.ArtifactRef of a Transcript or a Translation
    PRIMARY KEY (hold_id, chunk_index, language)
);
CREATE INDEX held_chunks_of ON held_chunks (user_id);
CREATE INDEX held_chunks_of_job ON held_chunks (job_id);
CALL protect_by_tenant('held_chunks', 'SELECT');

-- Lines that are to be translated anew: the run that does it, and what came of it.
ALTER TABLE revisions
    ADD COLUMN translation_hold  uuid,
    ADD COLUMN translation       jsonb,  -- octavia_common.events.ArtifactRef of a documents.Translation
    ADD COLUMN translation_error jsonb;  -- octavia_common.events.JobError
CREATE UNIQUE INDEX revisions_translated ON revisions (translation_hold) WHERE translation_hold IS NOT NULL;
