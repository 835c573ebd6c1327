-- graphile-worker's installer leaves its schema to whoever ran it. Its tables have row level security
-- without policies: only their owner sees jobs. So enginejs_writer owns them, and the worker's login
-- inherits it. Run after each run of the installer; does nothing where the schema is not there.
do $$
declare
  statement text;
begin
  if to_regnamespace('graphile_worker') is null then
    return;
  end if;
  -- Two at once would each find the other's change under their hands.
  perform pg_advisory_xact_lock(hashtext('enginejs: owner of graphile_worker'));
  alter schema graphile_worker owner to enginejs_writer;
  revoke all on schema graphile_worker from public;
  for statement in
    -- Sequences of identity columns follow their table.
    select format('alter %s graphile_worker.%I owner to enginejs_writer',
        case c.relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end, c.relname)
      from pg_catalog.pg_class c
      where c.relnamespace = 'graphile_worker'::regnamespace and c.relkind in ('r', 'p', 'v', 'S')
        and c.relowner <> 'enginejs_writer'::regrole
        and not exists (select from pg_catalog.pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i'))
    union all
    select format('alter routine %s owner to enginejs_writer', p.oid::regprocedure)
      from pg_catalog.pg_proc p
      where p.pronamespace = 'graphile_worker'::regnamespace and p.proowner <> 'enginejs_writer'::regrole
    union all
    select format('alter type graphile_worker.%I owner to enginejs_writer', t.typname)
      from pg_catalog.pg_type t left join pg_catalog.pg_class c on c.oid = t.typrelid
      where t.typnamespace = 'graphile_worker'::regnamespace and t.typowner <> 'enginejs_writer'::regrole
        and (c.relkind = 'c' or t.typtype in ('d', 'e'))
  loop
    execute statement;
  end loop;
end
$$;
