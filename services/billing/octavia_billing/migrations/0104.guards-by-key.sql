-- "Either is wrong, or there is none" was planned as a hash of all there is: each batch read the whole table.
-- As left joins the same looks are by key, a row at a time, however long the history is.

CREATE OR REPLACE FUNCTION require_balanced_entries() RETURNS trigger LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  wrong record;
BEGIN
  SELECT n.user_id, n.seq, n.total INTO wrong
    FROM (SELECT user_id, seq, sum(amount) AS total FROM added GROUP BY user_id, seq) n
    LEFT JOIN transactions t ON t.user_id = n.user_id AND t.seq = n.seq
    WHERE n.total <> 0 OR t.user_id IS NULL LIMIT 1;
  IF FOUND AND wrong.total <> 0 THEN
    RAISE EXCEPTION 'transaction % of user % sums to %, not to zero', wrong.seq, wrong.user_id, wrong.total
      USING ERRCODE = 'check_violation';
  ELSIF FOUND THEN
    RAISE EXCEPTION 'there is no transaction % of user %', wrong.seq, wrong.user_id
      USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION require_hold_and_grant() RETURNS trigger LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  orphan record;
BEGIN
  SELECT n.hold_id, n.grant_id INTO orphan
    FROM added n
    LEFT JOIN holds h ON h.id = n.hold_id
    LEFT JOIN grants g ON g.id = n.grant_id
    WHERE h.id IS NULL OR g.id IS NULL LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'a part of hold % draws on grant %: one of them does not exist', orphan.hold_id,
      orphan.grant_id USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END
$$;
