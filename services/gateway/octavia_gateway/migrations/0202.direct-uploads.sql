-- depends: 0201.files
-- Uploads whose parts go straight to the store, by signed addresses.
ALTER TABLE uploads
  ADD COLUMN direct boolean NOT NULL DEFAULT false,
  -- What its sender says the whole has for a digest; it is compared with what is found.
  ADD COLUMN sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  ADD CONSTRAINT uploads_one_way CHECK (NOT (direct AND resumable));
