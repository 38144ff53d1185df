-- depends: 0401.videos
-- Lists over all users, newest first, for administrators.
CREATE INDEX users_newest ON users (created_at DESC, user_id DESC);
CREATE INDEX jobs_newest_of_all ON jobs (created_at DESC, job_id DESC) WHERE deleted_at IS NULL;
CREATE INDEX videos_newest_of_all ON videos (created_at DESC, video_id DESC) WHERE purged_at IS NULL;
