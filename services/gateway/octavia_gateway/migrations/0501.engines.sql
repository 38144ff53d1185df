-- depends: 0402.video-callbacks
-- What each engine can do, as the service that runs it told at its latest start.
CREATE TABLE engines (
    kind         text        PRIMARY KEY CHECK (kind IN ('transcriber', 'translator', 'synthesizer')),
    engine       jsonb       NOT NULL, -- octavia_common.events.EnginePublished
    published_at timestamptz NOT NULL
);
GRANT SELECT ON engines TO octavia_gateway_tenant;

-- Which language the recogniser heard, where the job left that to it (octavia_common.events.DetectedLanguage).
ALTER TABLE jobs ADD COLUMN detected jsonb;
