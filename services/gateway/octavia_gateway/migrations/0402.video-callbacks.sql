-- depends: 0401.videos
-- Call-backs of providers that were noted, so that a repetition costs one look. UNLOGGED: forgetting them after
-- a crash of the server does no harm, for events have names and are worked on once. They are no user's.
CREATE UNLOGGED TABLE video_callbacks (
    event_id    uuid        PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX video_callbacks_age ON video_callbacks (received_at);
