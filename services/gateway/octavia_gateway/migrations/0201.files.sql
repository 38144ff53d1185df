-- depends: 0101.tenant-role
-- Files that users brought, and uploads on their way to become one.

CREATE TABLE files (
  file_id uuid PRIMARY KEY,
  user_id uuid NOT NULL,
  file_type text NOT NULL CHECK (file_type IN ('video', 'audio', 'subtitle', 'image')),
  filename text NOT NULL,
  media_type text NOT NULL,
  size_bytes bigint NOT NULL CHECK (size_bytes > 0),
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  media jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX files_by_user ON files (user_id, created_at DESC, file_id DESC);
CALL protect_by_tenant('files', 'SELECT, INSERT, UPDATE, DELETE');

-- upload_id becomes the file's id, so the object's key never changes.
CREATE TABLE uploads (
  upload_id uuid PRIMARY KEY,
  user_id uuid NOT NULL,
  resumable boolean NOT NULL,
  file_type text NOT NULL CHECK (file_type IN ('video', 'audio', 'subtitle', 'image')),
  filename text NOT NULL,
  metadata text NOT NULL DEFAULT '',
  length bigint CHECK (length > 0),
  offset_bytes bigint NOT NULL DEFAULT 0 CHECK (offset_bytes >= 0 AND offset_bytes <= length),
  part_size bigint NOT NULL,
  multipart_id text,
  -- The bytes after the last whole part, which S3 would refuse as a part: a reference to an object.
  tail jsonb,
  state text NOT NULL DEFAULT 'receiving' CHECK (state IN ('receiving', 'finishing', 'finished', 'rejected')),
  -- The one request that may write. A later request puts its own token here, and whatever the earlier
  -- one still does fails: two requests can never interleave, and none has to wait for a dead one.
  writer uuid,
  writer_until timestamptz,
  problem jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX uploads_by_user ON uploads (user_id, created_at DESC);
CREATE INDEX uploads_by_expiry ON uploads (expires_at);
CREATE INDEX uploads_to_finish ON uploads (writer_until) WHERE state = 'finishing';
CALL protect_by_tenant('uploads', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE upload_parts (
  upload_id uuid NOT NULL REFERENCES uploads ON DELETE CASCADE,
  user_id uuid NOT NULL,
  number integer NOT NULL CHECK (number > 0),
  etag text NOT NULL,
  PRIMARY KEY (upload_id, number)
);
CALL protect_by_tenant('upload_parts', 'SELECT, INSERT, UPDATE, DELETE');
