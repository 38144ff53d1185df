-- What a job's owner wishes of the engines travels with each chunk, and so do the voices of the source's speakers.

ALTER TABLE windows ADD COLUMN options jsonb NOT NULL DEFAULT '{}';
ALTER TABLE windows ADD COLUMN voices jsonb;
