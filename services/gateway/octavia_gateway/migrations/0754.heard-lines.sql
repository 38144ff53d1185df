-- depends: 0753.reviewed-revisions
-- What was spoken so far for a rendering at work: a line that was changed is heard before the whole is there.
-- By the chunk's index: where the chunk starts in seconds, and the reference to its lines
-- (octavia_common.documents.Speech). Empty again once the rendering has ended.
ALTER TABLE renders ADD COLUMN spoken jsonb NOT NULL DEFAULT '{}';
