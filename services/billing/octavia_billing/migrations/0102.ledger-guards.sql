-- What the tables themselves refuse, whoever writes to them.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never changed or removed: post a correcting transaction', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER transactions_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON transactions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entries_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON entries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER holds_kept BEFORE DELETE OR TRUNCATE ON holds
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER grants_kept BEFORE DELETE OR TRUNCATE ON grants
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Every statement adds whole transactions: what it adds to each sums to zero, hence so does each.
-- One look at all rows of the statement costs a batch far less than a look at each.
CREATE FUNCTION require_balanced_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  wrong record;
BEGIN
  SELECT user_id, seq, sum(amount) AS total INTO wrong
    FROM added GROUP BY user_id, seq HAVING sum(amount) <> 0 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transaction % of user % sums to %, not to zero', wrong.seq, wrong.user_id, wrong.total
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER entries_balanced AFTER INSERT ON entries REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION require_balanced_entries();

-- A hold is resolved once and what it stands for never changes. The conditions are checked without
-- a call, so the guards cost nothing where they have nothing to say.
CREATE TRIGGER holds_resolved_once BEFORE UPDATE ON holds FOR EACH ROW
  WHEN (OLD.state <> 'held' OR (OLD.user_id, OLD.job_id, OLD.amount) <> (NEW.user_id, NEW.job_id, NEW.amount))
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER grants_stand BEFORE UPDATE ON grants FOR EACH ROW
  WHEN ((OLD.user_id, OLD.amount, OLD.age) <> (NEW.user_id, NEW.amount, NEW.age))
  EXECUTE FUNCTION refuse_change();
