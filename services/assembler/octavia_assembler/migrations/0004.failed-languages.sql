-- depends: 0003.renders
-- Why a language could not be made; the others of its job go on. It may be told before the plan is: then the
-- language's place is not known yet.
ALTER TABLE language ADD COLUMN error jsonb;
