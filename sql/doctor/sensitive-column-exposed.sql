-- sensitive-column-exposed: a column that looks like a secret or like personal data is readable by too many.
-- Why: Rights to a table are rights to all of its columns, and row level security hides rows, not columns.
-- Fix: take the right to the table away and give select on the other columns, or move the column to a table of its own.
-- See: https://www.postgresql.org/docs/current/sql-grant.html
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
            || 'otp|otp_secret|totp(_secret)?|mfa_secret|2fa_(secret|code)|token|jwt|ssn|social_security|drivers?_license|passport_(id|number)|'
            || 'national_id|tax_id|credit_card|card_number|cvv|cvc|cvn|bank_account|account_number|routing_number|iban|swift_code|bic|'
            || 'health_record|medical_record|patient_id|insurance_number|mac_address|macaddr|imei|device_uuid|(pgp|gpg|ssh|license|activation)_key|'
            || 'facial_recognition|birth_?date|date_of_birth)'
            || '(_(hash|hashed|digest|salt|encrypted|enc|plain|text|number|no))?$')
  )
select case when not g.relrowsecurity then 'error'
            when bool_or(open.to_all) then 'warn'
            else 'info' end as level,
       'column' as kind,
       format('%s.%s', g.relation, secret.spelt) as object,
       format('%s.%s looks sensitive, and %s may read it%s.', g.relation, secret.spelt, string_agg(distinct g.spelt, ', '),
              case when not g.relrowsecurity then ' in every row' else '' end) as what,
       -- A right to the whole table cannot be taken from one column: the others are given anew.
       format('revoke select on %1$s from %2$s; ', g.relation, string_agg(distinct g.spelt, ', '))
         || coalesce(format('revoke select (%s) on %s from ', secret.spelt, g.relation)
              || string_agg(distinct g.spelt, ', ') filter (where g.attnum > 0) || '; ', '')
         || coalesce('grant select (' || others.spelt || format(') on %s to ', g.relation)
              || string_agg(distinct g.spelt, ', ') filter (where g.attnum = 0) || ';', '') as fix
  from granted g
  join secret on secret.attrelid = g.relid and g.attnum in (0, secret.attnum)
 cross join lateral (
    select exists (
      select from pg_policy p
       where p.polrelid = g.relid and p.polpermissive and p.polcmd in ('r', '*')
         and (g.grantee = any (p.polroles) or 0 = any (p.polroles))
         and pg_get_expr(p.polqual, p.polrelid) = 'true') as to_all
  ) open
 cross join lateral (
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum) as spelt
      from pg_attribute a
     where a.attrelid = g.relid and a.attnum > 0 and not a.attisdropped
       and not exists (select from secret s where s.attrelid = a.attrelid and s.attnum = a.attnum)
  ) others
 where g.relkind in ('r', 'p') and g.privilege = 'SELECT' and (g.anonymous or not g.relrowsecurity)
 group by g.relid, g.relation, g.relrowsecurity, secret.attnum, secret.spelt, others.spelt
 order by object;
