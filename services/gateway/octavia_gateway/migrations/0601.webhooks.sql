-- depends: 0401.videos
-- Addresses that a user wants to be told at, and what is to be told them.
CREATE TABLE webhooks (
    webhook_id      uuid        PRIMARY KEY,
    user_id         uuid        NOT NULL,
    url             text        NOT NULL,
    kinds           text[]      NOT NULL, -- names of events, as on the streams
    secret          text        NOT NULL,
    former_secret   text,                 -- still signed with, until
    former_until    timestamptz,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    failing_since   timestamptz,          -- the first failure after the last success
    disabled_at     timestamptz,
    disabled_why    text CHECK (disabled_why IN ('gone', 'failing', 'by_owner'))
);
CREATE INDEX webhooks_of ON webhooks (user_id);
CALL protect_by_tenant('webhooks', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE webhook_deliveries (
    delivery_id     uuid        PRIMARY KEY, -- the webhook-id of the message: a receiver knows a repetition by it
    webhook_id      uuid        NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    user_id         uuid        NOT NULL,
    kind            text        NOT NULL,
    body            text        NOT NULL,    -- exactly what is sent and signed
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    tries           integer     NOT NULL DEFAULT 0,
    next_at         timestamptz DEFAULT clock_timestamp(), -- null once it has ended
    delivered_at    timestamptz,
    last_tried_at   timestamptz,
    last_status     integer,                 -- of HTTP
    last_error      text,
    -- The one process that sends it, until when.
    token           uuid,
    leased_until    timestamptz,
    CHECK (delivered_at IS NULL OR next_at IS NULL)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX webhook_deliveries_in_hand ON webhook_deliveries (webhook_id, leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX webhook_deliveries_newest ON webhook_deliveries (webhook_id, created_at DESC, delivery_id DESC);
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at);
CREATE INDEX webhook_deliveries_of ON webhook_deliveries (user_id);
CALL protect_by_tenant('webhook_deliveries', 'SELECT, INSERT, UPDATE');
