-- The role that a user's requests run as. It owns nothing, so forced row level security binds it.
-- Roles belong to the whole cluster and databases do not: another database may have made it already,
-- even in this very moment.
DO $$
BEGIN
  CREATE ROLE octavia_gateway_tenant NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

-- Granting changes a row shared by all databases of the cluster; one that is there already is left alone.
DO $$
BEGIN
  IF NOT pg_has_role(current_user, 'octavia_gateway_tenant', 'MEMBER') THEN
    EXECUTE format('GRANT octavia_gateway_tenant TO %I', current_user);
  END IF;
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO octavia_gateway_tenant', current_schema());
END
$$;

-- Whose rows a statement may see; NULL, which equals nothing, where nobody is bound.
CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT nullif(current_setting('app.user_id', true), '')::uuid $$;

-- The one way a table becomes a user's (it has a column user_id): rows only of the bound user for the tenant role, every row for
-- the service, which owns the tables (and is bound too, since row level security is forced).
CREATE PROCEDURE protect_by_tenant(target regclass, privileges text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format('CREATE POLICY tenant ON %s TO octavia_gateway_tenant USING (user_id = current_tenant()) '
                 'WITH CHECK (user_id = current_tenant())', target);
  EXECUTE format('CREATE POLICY service ON %s TO %I USING (true) WITH CHECK (true)', target, current_user);
  IF privileges <> '' THEN
    EXECUTE format('GRANT %s ON %s TO octavia_gateway_tenant', privileges, target);
  END IF;
END
$$;
