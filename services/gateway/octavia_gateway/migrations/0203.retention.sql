-- depends: 0104.credits 0202.direct-uploads
-- What expires, and accounts that go.

-- When the store was last searched for objects that no job lists, after the job had ended.
ALTER TABLE jobs ADD COLUMN swept_at timestamptz;
CREATE INDEX jobs_to_sweep ON jobs (finished_at)
  WHERE status IN ('completed', 'failed', 'cancelled') AND (swept_at IS NULL OR swept_at < finished_at);
CREATE INDEX jobs_by_age ON jobs (coalesce(finished_at, created_at))
  WHERE deleted_at IS NULL AND status IN ('pending', 'completed', 'failed', 'cancelled');
CREATE INDEX jobs_at_work_of ON jobs (user_id) WHERE status IN ('queued', 'processing');
CREATE INDEX jobs_by_file ON jobs (user_id, file_id);
CREATE INDEX files_by_age ON files (created_at);
CREATE INDEX job_artifacts_of ON job_artifacts (user_id, key);

-- An account that was deleted: its id and when, and nothing else of it. No request of a user reads this.
CREATE TABLE account_deletions (
  user_id uuid PRIMARY KEY,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  emptied_at timestamptz,  -- when everything was removed for the first time
  finished_at timestamptz  -- when it was looked once more, after whatever was still on its way
);
CREATE INDEX account_deletions_open ON account_deletions (requested_at) WHERE finished_at IS NULL;
CALL protect_by_tenant('account_deletions', '');
