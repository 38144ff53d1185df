-- The two statements that pgbench does one by one. Each leaves the very rows that billing leaves, in tables like
-- billing's, in one call and in as few statements as it can be done. The tables are billing's own but for what
-- billing has to keep batches in order: here are plain foreign keys and no triggers, which suits single rows best.
-- The calls tell nobody (no outbox) and do not know an event they have seen (no inbox).

CREATE SCHEMA pgbench;
SET search_path = pgbench;

CREATE TABLE accounts (LIKE billing.accounts INCLUDING ALL) WITH (fillfactor = 50);
CREATE TABLE transactions (LIKE billing.transactions INCLUDING ALL);
CREATE TABLE entries (LIKE billing.entries INCLUDING ALL);
CREATE TABLE grants (LIKE billing.grants INCLUDING ALL) WITH (fillfactor = 70);
CREATE TABLE holds (LIKE billing.holds INCLUDING ALL);
CREATE TABLE hold_parts (LIKE billing.hold_parts INCLUDING ALL);

INSERT INTO accounts SELECT * FROM billing.accounts;
INSERT INTO grants (id, user_id, source, priority, amount, remaining, age, expires_at, reason, granted_at)
  SELECT id, user_id, source, priority, amount, remaining, age, expires_at, reason, granted_at FROM billing.grants;
INSERT INTO transactions SELECT * FROM billing.transactions;
INSERT INTO entries SELECT * FROM billing.entries;

ALTER TABLE transactions ADD FOREIGN KEY (user_id) REFERENCES accounts;
ALTER TABLE entries ADD FOREIGN KEY (user_id, seq) REFERENCES transactions;
ALTER TABLE grants ADD FOREIGN KEY (user_id) REFERENCES accounts;
ALTER TABLE holds ADD FOREIGN KEY (user_id) REFERENCES accounts;
ALTER TABLE hold_parts ADD FOREIGN KEY (hold_id) REFERENCES holds, ADD FOREIGN KEY (grant_id) REFERENCES grants;

CREATE FUNCTION reserve(account uuid, credits bigint) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  hold uuid := gen_random_uuid();
  job  uuid := gen_random_uuid();
  now  timestamptz := clock_timestamp();
  need bigint := credits;
  take bigint;
  part integer := 0;
  mine record;
  source record;
BEGIN
  UPDATE accounts a SET available = a.available - credits, held = a.held + credits, seq = a.seq + 1
    WHERE a.user_id = account AND a.available >= credits RETURNING a.seq, a.available, a.held INTO mine;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'too few credits';
  END IF;
  INSERT INTO holds (id, user_id, job_id, amount, state, purpose, deadline_at, created_at)
    VALUES (hold, account, job, credits, 'held', 'Video translation (en to es)', now + interval '1 hour', now);
  FOR source IN SELECT g.id, g.remaining FROM grants g WHERE g.user_id = account AND g.live
                ORDER BY g.priority, g.expires_at NULLS LAST, g.age LOOP
    take := least(need, source.remaining);
    UPDATE grants g SET remaining = g.remaining - take WHERE g.id = source.id;
    INSERT INTO hold_parts (hold_id, position, grant_id, amount) VALUES (hold, part, source.id, take);
    need := need - take;
    part := part + 1;
    EXIT WHEN need = 0;
  END LOOP;
  INSERT INTO transactions (user_id, seq, kind, credits, reason, job_id, hold_id, balance_after, held_after,
                            posted_at)
    VALUES (account, mine.seq, 'reserve', credits, 'Video translation (en to es)', job, hold, mine.available,
            mine.held, now);
  INSERT INTO entries (user_id, seq, book, amount)
    VALUES (account, mine.seq, 'available', -credits), (account, mine.seq, 'held', credits);
  RETURN hold;
END
$$;

CREATE FUNCTION capture(hold uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  now  timestamptz := clock_timestamp();
  mine record;
  held record;
BEGIN
  UPDATE holds h SET state = 'captured', captured = h.amount, resolved_at = now
    WHERE h.id = hold AND h.state = 'held' RETURNING h.user_id, h.job_id, h.amount, h.purpose INTO held;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  UPDATE accounts a SET held = a.held - held.amount, seq = a.seq + 1
    WHERE a.user_id = held.user_id RETURNING a.seq, a.available, a.held INTO mine;
  INSERT INTO transactions (user_id, seq, kind, credits, reason, job_id, hold_id, balance_after, held_after,
                            posted_at)
    VALUES (held.user_id, mine.seq, 'capture', held.amount, held.purpose || ': delivered', held.job_id, hold,
            mine.available, mine.held, now);
  INSERT INTO entries (user_id, seq, book, amount)
    VALUES (held.user_id, mine.seq, 'held', -held.amount), (held.user_id, mine.seq, 'revenue', held.amount);
END
$$;
