-- What was refused row by row is refused in sets. The ledger writes batches, and looking up each row's
-- referent by itself was half of what a batch cost the server; one look at all rows of a statement is little.

ALTER TABLE transactions DROP CONSTRAINT transactions_user_id_fkey;
ALTER TABLE entries DROP CONSTRAINT entries_user_id_seq_fkey;
ALTER TABLE holds DROP CONSTRAINT holds_user_id_fkey;
ALTER TABLE hold_parts DROP CONSTRAINT hold_parts_hold_id_fkey;
ALTER TABLE hold_parts DROP CONSTRAINT hold_parts_grant_id_fkey;

-- In all of them a few rows look up many by their key, whatever the planner believes of tables that grew
-- since it was last told of their size.
CREATE FUNCTION require_account() RETURNS trigger LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  missing uuid;
BEGIN
  SELECT n.user_id INTO missing FROM added n
    WHERE NOT EXISTS (SELECT FROM accounts a WHERE a.user_id = n.user_id) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'a row of % is of user %, who has no account', TG_TABLE_NAME, missing
      USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER transactions_of_accounts AFTER INSERT ON transactions REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION require_account();
CREATE TRIGGER holds_of_accounts AFTER INSERT ON holds REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION require_account();

CREATE FUNCTION require_hold_and_grant() RETURNS trigger LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  orphan record;
BEGIN
  SELECT n.hold_id, n.grant_id INTO orphan FROM added n
    WHERE NOT EXISTS (SELECT FROM holds h WHERE h.id = n.hold_id)
       OR NOT EXISTS (SELECT FROM grants g WHERE g.id = n.grant_id) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'a part of hold % draws on grant %: one of them does not exist', orphan.hold_id,
      orphan.grant_id USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER parts_of_holds AFTER INSERT ON hold_parts REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION require_hold_and_grant();

CREATE OR REPLACE FUNCTION require_balanced_entries() RETURNS trigger LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  wrong record;
BEGIN
  SELECT n.user_id, n.seq, n.total INTO wrong
    FROM (SELECT user_id, seq, sum(amount) AS total FROM added GROUP BY user_id, seq) n
    WHERE n.total <> 0
       OR NOT EXISTS (SELECT FROM transactions t WHERE t.user_id = n.user_id AND t.seq = n.seq) LIMIT 1;
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

-- What others hang on stays, under the name it has. (Transactions are never changed at all.)
CREATE TRIGGER accounts_kept BEFORE DELETE OR TRUNCATE ON accounts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER accounts_named BEFORE UPDATE OF user_id ON accounts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER holds_named BEFORE UPDATE OF id ON holds
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER grants_named BEFORE UPDATE OF id ON grants
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER parts_stand BEFORE UPDATE OF hold_id, grant_id ON hold_parts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
