-- depends: 0203.retention 0301.remote-uploads
-- Generated videos as their owner sees them: what was asked for, and what the events of all services say of it.
CREATE TABLE videos (
    video_id            uuid        PRIMARY KEY,
    user_id             uuid        NOT NULL,
    batch_id            uuid        NOT NULL, -- those asked for together: all held, or none
    prompt              text        NOT NULL, -- as the user wrote it
    style               text,
    task                text        NOT NULL CHECK (task IN ('text_to_video', 'image_to_video')),
    file_id             uuid,                 -- the picture that the video begins with
    spec                jsonb       NOT NULL, -- octavia_common.events.VideoSpec: the style's words are in it
    quote_credits       integer     NOT NULL,
    price_version       text        NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    deleted_at          timestamptz, -- by its owner, who may still restore it
    purged_at           timestamptz, -- for good: nobody sees it, its objects go, then the row

    -- The run in hand: the latest attempt.
    attempt             integer     NOT NULL,
    hold_id             uuid        NOT NULL,
    submitted_at        timestamptz NOT NULL,
    deadline_at         timestamptz NOT NULL,
    cancel_requested_at timestamptz,
    given_up_at         timestamptz, -- when the deadline was found passed

    -- What the events said of it.
    status              text        NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled', 'expired')),
    generating          boolean     NOT NULL DEFAULT false,
    percent             integer     NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 99),
    started_at          timestamptz, -- when its credits were held
    finished_at         timestamptz,
    gone_at             timestamptz, -- when its provider was found not to keep it any more
    clip                jsonb,       -- octavia_gateway.videos.run.Clip
    charged             integer,
    error               jsonb,       -- octavia_common.events.JobError

    -- The public page.
    share_token         text        UNIQUE,
    shared_at           timestamptz,
    views               bigint      NOT NULL DEFAULT 0,
    downloads           bigint      NOT NULL DEFAULT 0,

    swept_at            timestamptz
);
CREATE INDEX videos_newest ON videos (user_id, created_at DESC, video_id DESC) WHERE purged_at IS NULL;
CREATE INDEX videos_at_work ON videos (deadline_at) WHERE status IN ('pending', 'processing');
CREATE INDEX videos_at_work_of ON videos (user_id) WHERE status IN ('pending', 'processing');
CREATE INDEX videos_by_file ON videos (user_id, file_id) WHERE file_id IS NOT NULL;
CREATE INDEX videos_by_age ON videos (finished_at)
    WHERE purged_at IS NULL AND status IN ('completed', 'failed', 'cancelled', 'expired');
CREATE INDEX videos_deleted ON videos (deleted_at) WHERE deleted_at IS NOT NULL AND purged_at IS NULL;
CREATE INDEX videos_purged ON videos (purged_at) WHERE purged_at IS NOT NULL;
CREATE INDEX videos_to_sweep ON videos (finished_at)
    WHERE status IN ('completed', 'failed', 'cancelled', 'expired')
      AND (swept_at IS NULL OR swept_at < finished_at);
CALL protect_by_tenant('videos', 'SELECT, INSERT, UPDATE');

-- Clips that came after their hold was released: kept for audit, seen by administrators, charged to nobody.
CREATE TABLE late_videos (
    hold_id      uuid        PRIMARY KEY,
    video_id     uuid        NOT NULL,
    user_id      uuid        NOT NULL,
    clip         jsonb       NOT NULL,
    found_at     timestamptz NOT NULL
);
CREATE INDEX late_videos_newest ON late_videos (found_at DESC, hold_id DESC);
CREATE INDEX late_videos_of ON late_videos (video_id);
CALL protect_by_tenant('late_videos', '');

-- What the provider can be asked for, as videogen told.
CREATE TABLE video_catalogue (
    only_row     boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    catalogue    jsonb       NOT NULL, -- octavia_common.events.VideoModelsPublished
    published_at timestamptz NOT NULL
);
GRANT SELECT ON video_catalogue TO octavia_gateway_tenant;
