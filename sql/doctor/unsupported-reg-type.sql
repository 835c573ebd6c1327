-- unsupported-reg-type: a column holds object numbers that do not survive an upgrade.
-- Why: regproc and its kin keep the number of an object. pg_upgrade refuses databases with such columns, for the numbers change.
-- Fix: keep the name.
-- See: https://www.postgresql.org/docs/current/pgupgrade.html
with
  -- What belongs to an extension is not the project's to mend.
  extension as materialized (
    select classid, objid from pg_depend where deptype = 'e'
  ),
  -- The schemas that are looked at: those of the setting, else all but the server's own and the provider's.
  scope as materialized (
    select n.oid, n.nspname, n.nspowner, n.nspacl
      from pg_namespace n
     where case coalesce(current_setting('enginejs_doctor.schemas', true), '')
             when '' then n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
                      and pg_get_userbyid(n.nspowner) !~ '^(supabase_|rdsadmin|cloudsql|azure)'
             else n.nspname::text = any (current_setting('enginejs_doctor.schemas', true)::text[])
           end
  )
select 'warn' as level,
       'column' as kind,
       format('%I.%I.%I', scope.nspname, c.relname, a.attname) as object,
       format('%I.%I.%I is a %s, which pg_upgrade refuses.', scope.nspname, c.relname, a.attname, format_type(a.atttypid, null)) as what,
       format('alter table %I.%I alter column %I type text using %I::text;', scope.nspname, c.relname, a.attname, a.attname) as fix
  from scope
  join pg_class c on c.relnamespace = scope.oid and c.relkind in ('r', 'p')
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
   and a.atttypid = any ('{regcollation,regconfig,regdictionary,regnamespace,regoper,regoperator,regproc,regprocedure}'::regtype[])
 where not exists (select from extension e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
 order by object;
