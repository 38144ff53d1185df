-- The moving windows of jobs in work. Rows live as long as their job has chunks in the stages.

CREATE TABLE windows (
    hold_id uuid PRIMARY KEY,
    job jsonb NOT NULL,
    source_language text NOT NULL,
    target_languages text[] NOT NULL,
    model_size text,
    deadline_at timestamptz NOT NULL
);

CREATE INDEX windows_by_deadline ON windows (deadline_at);

CREATE TABLE window_chunks (
    hold_id uuid NOT NULL REFERENCES windows ON DELETE CASCADE,
    chunk_index integer NOT NULL,
    planned jsonb NOT NULL,
    -- Target languages in which the chunk has still to come out of the synthesizer.
    awaiting text[] NOT NULL,
    released boolean NOT NULL DEFAULT false,
    PRIMARY KEY (hold_id, chunk_index)
);
