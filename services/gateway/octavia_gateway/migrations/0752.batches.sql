-- depends: 0751.term-lists
-- Jobs that were made together.
ALTER TABLE jobs ADD COLUMN batch_id uuid;
CREATE INDEX jobs_of_batch ON jobs (batch_id, created_at DESC, job_id DESC) WHERE batch_id IS NOT NULL;
