-- depends: 0731.exports
-- The paid previews that a job's quote counts: a list of octavia_common.events.CountedPreview.
ALTER TABLE jobs ADD COLUMN counted jsonb NOT NULL DEFAULT '[]';
CREATE INDEX jobs_of_source ON jobs (user_id, (spec #>> '{source,sha256}'));
