-- depends: 0102.accounts
-- What a session was opened with, so that its owner can tell one from another.
ALTER TABLE sessions ADD COLUMN user_agent text NOT NULL DEFAULT '';
