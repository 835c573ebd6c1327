-- view-exposes-secret: a view that actors may read shows a column that holds a secret.
-- Why: The view's owner reads the column for them. So are password hashes and tokens of a users' table handed to everybody.
-- Fix: take the right away, and make the view anew without the column.
-- See: https://www.postgresql.org/docs/current/sql-createview.html
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
  -- A right counts where its holder may use the schema; one of public's, where anybody may.
  usable as materialized (
    select scope.oid as nspoid, actor.oid as grantee
      from scope
      join actor on case actor.oid
        when 0 then exists (
          select from aclexplode(scope.nspacl) a join actor x on x.oid = a.grantee
           where a.privilege_type = 'USAGE' and a.grantee <> scope.nspowner)
        else has_schema_privilege(actor.oid, scope.oid, 'usage')
      end
  ),
  -- What actors may do with tables, views and sequences, or with columns of them, other than as their owners.
  granted as materialized (
    select c.oid as relid, c.relkind, format('%I.%I', scope.nspname, c.relname) as relation, c.relrowsecurity,
           actor.oid as grantee, actor.spelt, actor.anonymous, g.privilege_type as privilege, g.is_grantable, g.attnum
      from scope
      join pg_class c on c.relnamespace = scope.oid and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
     cross join lateral (
        select a.grantee, a.privilege_type, a.is_grantable, 0 as attnum from aclexplode(c.relacl) a
        union all
        select a.grantee, a.privilege_type, a.is_grantable, t.attnum
          from pg_attribute t cross join lateral aclexplode(t.attacl) a
         where t.attrelid = c.oid and t.attacl is not null and not t.attisdropped
      ) g
      join actor on actor.oid = g.grantee and g.grantee <> c.relowner
      join usable on usable.nspoid = scope.oid and usable.grantee = g.grantee
     where not exists (select from extension e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
  ),
  -- What a column is called that holds a secret.
  secret as materialized (
    select a.attrelid, a.attnum, quote_ident(a.attname) as spelt
      from pg_attribute a
      join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p', 'm', 'f', 'v')
      join pg_namespace n on n.oid = c.relnamespace and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
     where a.attnum > 0 and not a.attisdropped
       and regexp_replace(regexp_replace(a.attname, '([a-z0-9])([A-Z])', '\1_\2', 'g'), '[ -]', '_', 'g')
           ~* ('(^|_)(passw(or)?ds?|passwd|pwd|passphrase|encrypted_password|secrets?|secret_key|private_key|api_?key|auth_key|signing_key|'
            || '(access|refresh|oauth|session|bearer|reset|recovery|confirmation|invite|id)_token|session_(id|key|secret)|(recovery|backup|verification|auth)_codes?|'
            || 'otp|otp_secret|totp(_secret)?|mfa_secret|2fa_(secret|code))'
            || '(_(hash|hashed|digest|salt|encrypted|enc|plain|text|number|no))?$')
  )
select 'error' as level,
       case when g.relkind = 'v' then 'view' else 'materialized view' end as kind,
       g.relation as object,
       format('%s, which %s may read, uses %s.', g.relation, string_agg(distinct g.spelt, ', '),
              string_agg(distinct format('%I.%I.%s', n.nspname, t.relname, secret.spelt), ', ')) as what,
       format('revoke all on %s from %s;', g.relation, string_agg(distinct g.spelt, ', ')) as fix
  from granted g
  join pg_rewrite r on r.ev_class = g.relid and r.ev_type = '1'
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
  join secret on secret.attrelid = d.refobjid and secret.attnum = d.refobjsubid
  join pg_class t on t.oid = secret.attrelid and t.oid <> g.relid
  join pg_namespace n on n.oid = t.relnamespace
  join pg_class c on c.oid = g.relid
 where g.relkind in ('v', 'm') and g.privilege = 'SELECT'
   -- With the caller's rights and policies below, it is the table that decides.
   and not (t.relrowsecurity and exists (
     select from pg_options_to_table(c.reloptions) o
      where o.option_name = 'security_invoker' and lower(o.option_value) in ('true', 'on', 'yes', '1')))
 group by g.relid, g.relkind, g.relation
 order by g.relation;
