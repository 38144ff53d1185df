-- depends: 0701.editing
-- Lists of terms that a user keeps for jobs to come: how they are translated (glossary), how they are spoken.
CREATE TABLE term_lists (
    list_id    uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL,
    kind       text        NOT NULL CHECK (kind IN ('glossary', 'pronunciation')),
    name       text        NOT NULL,
    always     boolean     NOT NULL, -- for every job, named by it or not
    terms      jsonb       NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX term_lists_of ON term_lists (user_id, kind, created_at);
CALL protect_by_tenant('term_lists', 'SELECT, INSERT, UPDATE, DELETE');

-- Voices that a user remembers for people who speak again and again.
CREATE TABLE remembered_speakers (
    user_id    uuid        NOT NULL,
    name_key   text        NOT NULL, -- the name, case folded
    name       text        NOT NULL,
    voice      text        NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, name_key)
);
CALL protect_by_tenant('remembered_speakers', 'SELECT, INSERT, UPDATE, DELETE');
