-- depends: 0201.files
-- Files given by URL, on their way from strangers' servers.
CREATE TABLE remote_uploads (
  upload_id uuid PRIMARY KEY,
  user_id uuid NOT NULL,
  -- May hold a secret in its query; once the upload has ended only what is shown of it is kept.
  url text NOT NULL,
  shown_url text NOT NULL,
  file_type text NOT NULL CHECK (file_type IN ('video', 'audio', 'subtitle', 'image')),
  filename text,
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'receiving', 'finished', 'rejected')),
  tries integer NOT NULL DEFAULT 0,
  not_before timestamptz NOT NULL DEFAULT now(),
  -- The one process that may write, until when.
  token uuid,
  leased_until timestamptz,
  received_bytes bigint NOT NULL DEFAULT 0,
  length bigint,
  file_id uuid,
  problem jsonb,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  CHECK ((state = 'receiving') = (leased_until IS NOT NULL))
);
CREATE INDEX remote_uploads_to_fetch ON remote_uploads (created_at) WHERE state IN ('queued', 'receiving');
CREATE INDEX remote_uploads_on_their_way ON remote_uploads (user_id) WHERE state IN ('queued', 'receiving');
CREATE INDEX remote_uploads_ended ON remote_uploads (ended_at) WHERE ended_at IS NOT NULL;
CALL protect_by_tenant('remote_uploads', 'SELECT, INSERT, UPDATE, DELETE');
