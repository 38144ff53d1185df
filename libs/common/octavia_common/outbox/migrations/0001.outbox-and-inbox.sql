-- Events to be sent, written in the transaction of the effect they tell of.
CREATE TABLE outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id     uuid        NOT NULL,
    type         text        NOT NULL,
    body         bytea       NOT NULL,
    message_key  text        NOT NULL,
    slot         bigint,
    traceparent  text        NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease        uuid,
    leased_until timestamptz
);

-- Events whose effect stands; the pair is what makes a redelivery harmless.
CREATE TABLE inbox (
    consumer    text        NOT NULL,
    event_id    uuid        NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_received_at ON inbox (received_at);
