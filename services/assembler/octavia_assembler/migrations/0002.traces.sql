-- The trace (W3C traceparent) that each chunk came with: the join's span refers to all of them.
ALTER TABLE chunk ADD COLUMN traceparent text NOT NULL DEFAULT '';
