-- depends: 0103.wishes
-- Jobs whose lines are only written, as subtitles: told with each of their chunks.
ALTER TABLE windows ADD COLUMN written boolean NOT NULL DEFAULT false;
