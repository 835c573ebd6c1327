-- What was built into this database, newest last. The model (IR) as it was applied, so that server
-- and worker start without model files and the next build has something to compare with.
set role enginejs_owner;

create table if not exists enginejs.build (
  id bigint generated always as identity,
  ir jsonb not null,
  ir_hash text not null,
  -- enginejs.catalog_fingerprint() after the build: tells of changes that somebody made by hand.
  fingerprint text not null,
  -- enginejs.catalog_facts() after the build, by kind and name, without what is in no model: what was built,
  -- object by object. Of the newest build alone: it is large, and nobody asks for an older one's.
  facts jsonb,
  -- Which text of enginejs.catalog_facts() they come from: those of another one cannot be compared.
  facts_format text not null default '',
  -- What was in the schema then and in no model: [{"object": "policy app.invoice.everybody", "guarded": true}].
  foreign_objects jsonb not null default '[]',
  -- What the plan did: a list of statements with their hazards, for people and for `enginejs inspect`.
  plan jsonb not null default '{}',
  engine_version text not null,
  -- Who connected; current_user is enginejs_owner whoever builds.
  built_by text not null default session_user,
  built_at timestamptz not null default clock_timestamp(),
  constraint build_pkey primary key (id)
);

comment on table enginejs.build is 'What was built into this database; the row with the highest id is what it holds now.';

reset role;
