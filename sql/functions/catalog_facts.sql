-- What the catalogue says of some schemas, one row for each object: tables, columns, constraints, indexes,
-- policies, functions, triggers, views, sequences, types, owners, grants, and the roles of EngineJS themselves.
-- A build stores it, so that a later one can name what somebody changed by hand, object by object.
--
-- Kind and name as a build calls an object: `policy`, `app.invoice.tenancy`. The detail is text for
-- people where it is short by nature, and an md5 where it is a body or an expression of any length.
--
-- Names instead of oids: the same objects give the same rows however and in which order they were made.
-- Columns count by name, not by position. Partitions are left out: they come and go with time. Comments
-- are left out: they change nothing. The empty search_path makes every printed name a qualified one.
set role enginejs_reader;
create or replace function enginejs.catalog_facts(schemas text[]) returns table (kind text, name text, detail text)
language sql stable rows 10000 set search_path = '' set quote_all_identifiers = off set jit = off
begin atomic
  with
  namespace as (
    select n.oid, n.nspname, n.nspowner, n.nspacl from pg_catalog.pg_namespace n where n.nspname = any (schemas)
  ),
  class as (
    select c.*, n.nspname, format('%s.%s', n.nspname, c.relname) as name
    from pg_catalog.pg_class c join namespace n on n.oid = c.relnamespace
    where not c.relispartition
  ),
  routine as (
    select p.*, format('%s.%s(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) as name
    from pg_catalog.pg_proc p join namespace n on n.oid = p.pronamespace
  ),
  -- Access lists as sorted text; a null list means the default one, which acldefault spells out.
  access (kind, name, list) as (
    select 'schema', n.nspname::text, coalesce(n.nspacl, acldefault('n', n.nspowner)) from namespace n
    union all
    select case when c.relkind = 'S' then 'sequence' when c.relkind in ('v', 'm') then 'view' else 'table' end, c.name,
      coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's'::"char" else 'r' end, c.relowner))
    from class c where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    union all
    select 'function', r.name, coalesce(r.proacl, acldefault('f', r.proowner)) from routine r
    union all
    select 'column', format('%s.%s', c.name, a.attname), a.attacl
    from class c join pg_catalog.pg_attribute a on a.attrelid = c.oid
    where a.attacl is not null and a.attnum > 0 and not a.attisdropped
    union all
    select 'default privileges', format('%s %s %s', pg_get_userbyid(d.defaclrole), coalesce(n.nspname, '*'), d.defaclobjtype),
      d.defaclacl
    from pg_catalog.pg_default_acl d
    left join namespace n on n.oid = d.defaclnamespace
    where d.defaclnamespace = 0 and starts_with(pg_get_userbyid(d.defaclrole), 'enginejs_') or n.oid is not null
  ),
  fact (kind, name, detail) as (
    select 'schema', n.nspname::text, pg_get_userbyid(n.nspowner)::text from namespace n
    union all
    select case when c.relkind in ('r', 'p') then 'table' when c.relkind in ('v', 'm') then 'view' else 'relation' end, c.name,
      concat_ws(' ', case c.relpersistence when 'p' then 'logged' when 'u' then 'unlogged' else 'temporary' end,
        case c.relkind when 'r' then 'table' when 'v' then 'view' else format('of kind %s', c.relkind) end,
        'of ' || pg_get_userbyid(c.relowner), 'with replica identity ' || nullif(c.relreplident::text, 'd'),
        'with ' || array_to_string(c.reloptions, ', '), pg_get_partkeydef(c.oid),
        case when c.relkind in ('v', 'm') then md5(pg_get_viewdef(c.oid)) end)
    from class c where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
    union all
    select 'row security', c.name, concat_ws(' ', c.relrowsecurity, c.relforcerowsecurity)
    from class c where c.relkind in ('r', 'p')
    union all
    -- A domain's collation is its own; a column's is said where it is not its type's.
    select 'column', format('%s.%s', c.name, a.attname), concat_ws(' ', format_type(a.atttypid, a.atttypmod),
      'collate ' || case when a.attcollation <> t.typcollation then k.collname end,
      case when a.attnotnull then 'not null' end,
      'generated as identity ' || nullif(a.attidentity::text, ''), 'generated ' || nullif(a.attgenerated::text, ''))
    from class c
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_catalog.pg_type t on t.oid = a.atttypid
    left join pg_catalog.pg_collation k on k.oid = a.attcollation
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
    union all
    select 'default', format('%s.%s', c.name, a.attname), pg_get_expr(d.adbin, d.adrelid)
    from class c
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and not a.attisdropped
    join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    union all
    -- A column's NOT NULL, from version 18 on a constraint too, is said with the column.
    select 'constraint', format('%s.%s', c.name, o.conname), pg_get_constraintdef(o.oid)
    from class c join pg_catalog.pg_constraint o on o.conrelid = c.oid where o.contype <> 'n' or not o.convalidated
    union all
    select case when o.conindid is null then 'index' else 'index of constraint' end,
      format('%s.%s', c.nspname, x.relname), concat_ws(' ', pg_get_indexdef(i.indexrelid),
      i.indisvalid, i.indisready, i.indisprimary, i.indisreplident, x.reloptions)
    from class c
    join pg_catalog.pg_index i on i.indrelid = c.oid
    join pg_catalog.pg_class x on x.oid = i.indexrelid
    left join (select distinct conindid from pg_catalog.pg_constraint where contype in ('p', 'u', 'x')) o on o.conindid = x.oid
    union all
    select 'policy', format('%s.%s', c.name, p.polname), concat_ws(' ', p.polcmd, p.polpermissive,
      (select string_agg(case r.oid when 0 then 'public' else pg_get_userbyid(r.oid)::text end, ','
        order by pg_get_userbyid(r.oid)::text collate "C") from unnest(p.polroles) as r (oid)),
      'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid))
    from class c join pg_catalog.pg_policy p on p.polrelid = c.oid
    union all
    -- The triggers of foreign keys are named after oids: their constraint and function tell them apart.
    select case when t.tgisinternal then 'trigger of constraint' else 'trigger' end,
      format('%s.%s', c.name, case when t.tgisinternal then format('%s/%s', o.conname, t.tgfoid::regproc) else t.tgname end),
      concat_ws(' ', t.tgenabled, case when not t.tgisinternal then pg_get_triggerdef(t.oid) end)
    from class c
    join pg_catalog.pg_trigger t on t.tgrelid = c.oid
    left join pg_catalog.pg_constraint o on o.oid = t.tgconstraint
    union all
    select 'rule', format('%s.%s', c.name, r.rulename), concat_ws(' ', r.ev_enabled, pg_get_ruledef(r.oid))
    from class c join pg_catalog.pg_rewrite r on r.ev_class = c.oid where r.rulename <> '_RETURN'
    union all
    select 'function', r.name, concat_ws(' ', r.prokind, pg_get_userbyid(r.proowner), l.lanname,
      pg_get_function_result(r.oid), pg_get_function_arguments(r.oid), r.prosecdef, r.proleakproof, r.proisstrict,
      r.provolatile, r.proparallel, r.procost, r.prorows, r.proconfig, r.prosrc, pg_get_function_sqlbody(r.oid))
    from routine r join pg_catalog.pg_language l on l.oid = r.prolang
    union all
    select 'sequence', c.name, concat_ws(' ', pg_get_userbyid(c.relowner), format_type(s.seqtypid, null),
      s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)
    from class c join pg_catalog.pg_sequence s on s.seqrelid = c.oid
    union all
    select 'type', format('%s.%s', n.nspname, t.typname), concat_ws(' ', t.typtype, pg_get_userbyid(t.typowner),
      format_type(nullif(t.typbasetype, 0), t.typtypmod), t.typnotnull, t.typdefault,
      (select string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = t.oid),
      (select string_agg(pg_get_constraintdef(o.oid), ',' order by o.conname)
        from pg_catalog.pg_constraint o where o.contypid = t.oid))
    from pg_catalog.pg_type t join namespace n on n.oid = t.typnamespace where t.typtype in ('d', 'e', 'r')
    union all
    select 'role', r.rolname::text, concat_ws(' ', case when r.rolsuper then 'superuser' end,
      case when r.rolbypassrls then 'bypassrls' end, case when r.rolcanlogin then 'login' end,
      case when r.rolcreaterole then 'createrole' end, case when r.rolinherit then 'inherit' else 'noinherit' end,
      'member of ' || (select string_agg(pg_get_userbyid(m.roleid)::text, ',' order by pg_get_userbyid(m.roleid)::text collate "C")
        from pg_catalog.pg_auth_members m where m.member = r.oid))
    from pg_catalog.pg_roles r
    where r.rolname in ('enginejs_owner', 'enginejs_anonymous', 'enginejs_user', 'enginejs_system',
                        'enginejs_action', 'enginejs_reader', 'enginejs_writer')
    union all
    select 'grant', format('on %s %s to %s', a.kind, a.name,
        case g.grantee when 0 then 'public' else pg_get_userbyid(g.grantee)::text end),
      string_agg(concat_ws(' ', g.privilege_type, case when g.is_grantable then 'with grant option' end), ', '
        order by g.privilege_type collate "C", g.is_grantable)
    from access a, lateral aclexplode(a.list) g
    group by a.kind, a.name, g.grantee
  )
  select f.kind, f.name,
    case when f.kind in ('policy', 'function', 'trigger', 'rule', 'type') then md5(f.detail) else f.detail end
  from fact f;
end;
revoke execute on function enginejs.catalog_facts(text[]) from public;
grant execute on function enginejs.catalog_facts(text[]) to enginejs_owner;
reset role;
