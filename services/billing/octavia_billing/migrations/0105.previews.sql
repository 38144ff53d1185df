-- depends: 0104.guards-by-key
-- What was held for each language of a preview, whether it was paid, and which full job counts it: at most one.
CREATE TABLE previews (
    hold_id    uuid        NOT NULL,
    language   text        NOT NULL,
    user_id    uuid        NOT NULL,
    kind       text        NOT NULL,
    source     text        NOT NULL, -- sha256 of the file
    credits    bigint      NOT NULL CHECK (credits >= 0),
    paid       boolean     NOT NULL DEFAULT false,
    counted_by uuid,                 -- the hold of the full job
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (hold_id, language),
    CHECK (paid OR counted_by IS NULL)
);
CREATE INDEX previews_counted ON previews (counted_by) WHERE counted_by IS NOT NULL;
