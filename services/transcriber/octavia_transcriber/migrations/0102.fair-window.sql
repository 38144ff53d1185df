-- The stages' room is shared out among users, and measured in what there is to do in them: a chunk counts once for
-- each language that it is still awaited in.

ALTER TABLE windows ADD COLUMN user_id uuid;
ALTER TABLE windows ADD COLUMN units integer;
UPDATE windows SET user_id = (job ->> 'user_id')::uuid,
    units = (SELECT coalesce(sum(cardinality(awaiting)), 0) FROM window_chunks AS c WHERE c.hold_id = windows.hold_id);
ALTER TABLE windows ALTER COLUMN user_id SET NOT NULL;
ALTER TABLE windows ALTER COLUMN units SET NOT NULL;
CREATE INDEX windows_by_user ON windows (user_id);

-- Jobs that were given up or called off: a plan that comes late must not open a window that nobody would close.
CREATE TABLE windows_closed (
    hold_id uuid PRIMARY KEY,
    closed_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX windows_closed_by_age ON windows_closed (closed_at);
