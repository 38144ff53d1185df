-- depends: 0002.traces
-- Runs that put an edited language together anew: nobody awaits the end of a job.
ALTER TABLE run ADD COLUMN render boolean NOT NULL DEFAULT false;
