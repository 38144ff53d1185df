-- The role that a user's requests run as. It owns nothing, so forced row level security binds it.
-- Roles belong to the whole cluster and databases do not: another database may have made it already,
-- even in this very moment; or an administrator did, where the service may not make roles itself.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'octavia_gateway_tenant') THEN
    CREATE ROLE octavia_gateway_tenant NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
  END IF;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

-- Granting changes a row shared by all databases of the cluster; one that is there already is left alone. Whether it
-- is there is found by becoming the role: from PostgreSQL 16 on, who made a role is a member that may not become it.
DO $$
BEGIN
  BEGIN
    SET LOCAL ROLE octavia_gateway_tenant;
    RESET ROLE;
  EXCEPTION WHEN insufficient_privilege THEN
    EXECUTE format('GRANT octavia_gateway_tenant TO %I', current_user);
  END;
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
