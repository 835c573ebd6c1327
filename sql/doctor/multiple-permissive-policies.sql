-- multiple-permissive-policies: several permissive policies speak to one role about one command.
-- Why: They are joined by OR: each is asked for each row, the loosest decides, and no index serves them all. Who reads one of them does not see what
--   the others let through.
-- Fix: make them one.
-- See: https://www.postgresql.org/docs/current/sql-createpolicy.html
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
  ),
  -- Whom rights are not to be given lightly: public, and every role that is neither above the rules nor trusted.
  actor as materialized (
    select r.oid, r.rolname, quote_ident(r.rolname) as spelt,
           r.rolname ~* '(^|[_-])(anon|anonymous|guest|unauthenticated)$|^(anon|anonymous|guest)[_-]'
             or r.rolname::text = any (coalesce(nullif(current_setting('enginejs_doctor.anonymous', true), ''), '{}')::text[])
             as anonymous
      from pg_roles r
     where not r.rolsuper and not r.rolbypassrls
       and r.rolname !~ '^(pg_|supabase_|rds|cloudsql|azure|enginejs_(owner|reader|writer|system|action)$)'
       and r.rolname::text <> all (coalesce(nullif(current_setting('enginejs_doctor.trusted', true), ''), '{}')::text[])
    union all
    select 0, 'public', 'public', true
  ),
  -- The policies that speak to actors, and of whom.
  spoken as materialized (
    select p.oid as polid, p.polrelid, p.polname, p.polcmd, p.polpermissive, p.polroles,
           format('%I.%I', scope.nspname, c.relname) as relation, c.relrowsecurity,
           p.polqual, p.polwithcheck,
           pg_get_expr(p.polqual, p.polrelid) as qual, pg_get_expr(p.polwithcheck, p.polrelid) as withcheck,
           (select string_agg(actor.spelt, ', ' order by actor.spelt) from actor where actor.oid = any (p.polroles)) as spelt,
           (select bool_or(actor.anonymous) from actor where actor.oid = any (p.polroles)) as anonymous
      from scope
      join pg_class c on c.relnamespace = scope.oid
      join pg_policy p on p.polrelid = c.oid
     where exists (select from actor where actor.oid = any (p.polroles))
       and not exists (select from extension e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
  )
select 'warn' as level,
       'table' as kind,
       per.relation as object,
       format('%s has several permissive policies for %s to %s: %s.', per.relation, per.roles, per.commands,
              (select string_agg(quote_ident(p.polname), ', ' order by p.polname) from pg_policy p where p.oid = any (per.policies))) as what,
       merged.fix
  from (
    select r.polrelid, r.relation, r.policies, string_agg(distinct r.role, ', ') as roles, string_agg(distinct r.command, ', ') as commands
      from (
        select s.polrelid, s.relation, actor.spelt as role, act.command, array_agg(s.polid order by s.polid) as policies
          from spoken s
          join actor on actor.oid = any (s.polroles)
                     or (0 = any (s.polroles) and exists (
                           select from spoken t where t.polrelid = s.polrelid and actor.oid = any (t.polroles)))
         cross join lateral unnest(case s.polcmd when 'r' then '{select}' when 'a' then '{insert}' when 'w' then '{update}' when 'd' then '{delete}'
                                   else '{select,insert,update,delete}' end::text[]) act (command)
         where s.polpermissive
         group by s.polrelid, s.relation, actor.spelt, act.command
        having count(*) > 1
      ) r
     group by r.polrelid, r.relation, r.policies
  ) per
 cross join lateral (
    -- Policies of the same command and roles can be joined as they are.
    select case when count(distinct (s.polcmd, s.polroles)) = 1
             then format('alter policy %I on %s', (array_agg(s.polname order by s.polid))[1], per.relation)
               || case when bool_and(s.qual is not null) then ' using (' || string_agg('(' || s.qual || ')', ' or ' order by s.polid) || ')' else '' end
               || case when bool_or(s.withcheck is not null)
                    then ' with check (' || string_agg('(' || coalesce(s.withcheck, s.qual) || ')', ' or ' order by s.polid) || ')' else '' end
               || '; ' || (select string_agg(format('drop policy %I on %s;', p.polname, per.relation), ' ' order by p.oid)
                             from pg_policy p where p.oid = any (per.policies[2:]))
           end as fix
      from spoken s where s.polid = any (per.policies)
  ) merged
 order by per.relation, per.commands;
