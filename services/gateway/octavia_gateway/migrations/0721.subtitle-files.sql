-- depends: 0701.editing
-- The subtitle file that a job uses in place of recognition: an upload, kept as long as the job needs it.
ALTER TABLE jobs ADD COLUMN subtitle_file_id uuid;
CREATE INDEX jobs_by_subtitle_file ON jobs (user_id, subtitle_file_id) WHERE subtitle_file_id IS NOT NULL;
