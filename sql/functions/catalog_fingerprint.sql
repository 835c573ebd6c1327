-- One md5 over what the catalogue says of some schemas: tables, columns, constraints, indexes, policies,
-- functions, triggers, views, sequences, types, owners, grants, and the roles of EngineJS themselves.
-- A build stores it, so that the next one notices what somebody changed by hand, a dropped policy above
-- all, where the hash of the model would still be the same.
--
-- Names instead of oids, and sorted: the same objects give the same md5 however and in which order they
-- were made. Columns count by name, not by position. Partitions are left out: they come and go with time.
-- Comments are left out: they change nothing. The empty search_path makes every printed name a qualified one.
set role enginejs_reader;
create or replace function enginejs.catalog_fingerprint(schemas text[]) returns text
language sql stable set search_path = '' set quote_all_identifiers = off set jit = off
begin atomic
  with
  namespace as (
    select n.oid, n.nspname, n.nspowner, n.nspacl from pg_catalog.pg_namespace n where n.nspname = any (schemas)
  ),
  class as (
    select c.*, n.nspname, format('%I.%I', n.nspname, c.relname) as name
    from pg_catalog.pg_class c join namespace n on n.oid = c.relnamespace
    where not c.relispartition
  ),
  routine as (
    select p.*, format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as name
    from pg_catalog.pg_proc p join namespace n on n.oid = p.pronamespace
  ),
  -- Access lists as sorted text; a null list means the default one, which acldefault spells out.
  access (kind, name, list) as (
    select 'schema', n.nspname::text, coalesce(n.nspacl, acldefault('n', n.nspowner)) from namespace n
    union all
    select 'relation', c.name, coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's'::"char" else 'r' end, c.relowner))
    from class c where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    union all
    select 'routine', r.name, coalesce(r.proacl, acldefault('f', r.proowner)) from routine r
    union all
    select 'column', format('%s.%I', c.name, a.attname), a.attacl
    from class c join pg_catalog.pg_attribute a on a.attrelid = c.oid
    where a.attacl is not null and a.attnum > 0 and not a.attisdropped
    union all
    select 'default', format('%s %s %s', pg_get_userbyid(d.defaclrole), coalesce(n.nspname, '*'), d.defaclobjtype), d.defaclacl
    from pg_catalog.pg_default_acl d
    left join namespace n on n.oid = d.defaclnamespace
    where d.defaclnamespace = 0 and starts_with(pg_get_userbyid(d.defaclrole), 'enginejs_') or n.oid is not null
  ),
  fact (kind, name, detail) as (
    select 'schema', n.nspname::text, pg_get_userbyid(n.nspowner)::text from namespace n
    union all
    select 'relation', c.name, concat_ws(' ', c.relkind, pg_get_userbyid(c.relowner), c.relpersistence,
      c.relrowsecurity, c.relforcerowsecurity, c.relreplident, c.reloptions, pg_get_partkeydef(c.oid),
      case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end)
    from class c where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
    union all
    select 'column', format('%s.%I', c.name, a.attname), concat_ws(' ', format_type(a.atttypid, a.atttypmod),
      a.attnotnull, a.attidentity, a.attgenerated, k.collname, pg_get_expr(d.adbin, d.adrelid))
    from class c
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join pg_catalog.pg_collation k on k.oid = a.attcollation
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
    union all
    select 'constraint', format('%s.%I', c.name, o.conname), concat_ws(' ', pg_get_constraintdef(o.oid), o.convalidated)
    from class c join pg_catalog.pg_constraint o on o.conrelid = c.oid
    union all
    select 'index', format('%s.%I', c.name, x.relname), concat_ws(' ', pg_get_indexdef(i.indexrelid),
      i.indisvalid, i.indisready, i.indisprimary, i.indisreplident, x.reloptions)
    from class c
    join pg_catalog.pg_index i on i.indrelid = c.oid
    join pg_catalog.pg_class x on x.oid = i.indexrelid
    union all
    select 'policy', format('%s.%I', c.name, p.polname), concat_ws(' ', p.polcmd, p.polpermissive,
      (select string_agg(case r.oid when 0 then 'public' else pg_get_userbyid(r.oid)::text end, ','
        order by pg_get_userbyid(r.oid)::text collate "C") from unnest(p.polroles) as r (oid)),
      'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid))
    from class c join pg_catalog.pg_policy p on p.polrelid = c.oid
    union all
    -- The triggers of foreign keys are named after oids: their constraint and type tell them apart.
    select 'trigger', format('%s.%s', c.name, case when t.tgisinternal then format('%I/%s', o.conname, t.tgtype)
        else quote_ident(t.tgname) end),
      concat_ws(' ', t.tgenabled, case when not t.tgisinternal then pg_get_triggerdef(t.oid) end)
    from class c
    join pg_catalog.pg_trigger t on t.tgrelid = c.oid
    left join pg_catalog.pg_constraint o on o.oid = t.tgconstraint
    union all
    select 'rule', format('%s.%I', c.name, r.rulename), concat_ws(' ', r.ev_enabled, pg_get_ruledef(r.oid))
    from class c join pg_catalog.pg_rewrite r on r.ev_class = c.oid where r.rulename <> '_RETURN'
    union all
    select 'routine', r.name, concat_ws(' ', r.prokind, pg_get_userbyid(r.proowner), l.lanname,
      pg_get_function_result(r.oid), pg_get_function_arguments(r.oid), r.prosecdef, r.proleakproof, r.proisstrict,
      r.provolatile, r.proparallel, r.procost, r.prorows, r.proconfig, r.prosrc, pg_get_function_sqlbody(r.oid))
    from routine r join pg_catalog.pg_language l on l.oid = r.prolang
    union all
    select 'sequence', c.name, concat_ws(' ', pg_get_userbyid(c.relowner), format_type(s.seqtypid, null),
      s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)
    from class c join pg_catalog.pg_sequence s on s.seqrelid = c.oid
    union all
    select 'type', format('%I.%I', n.nspname, t.typname), concat_ws(' ', t.typtype, pg_get_userbyid(t.typowner),
      format_type(nullif(t.typbasetype, 0), t.typtypmod), t.typnotnull, t.typdefault,
      (select string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = t.oid),
      (select string_agg(pg_get_constraintdef(o.oid), ',' order by o.conname)
        from pg_catalog.pg_constraint o where o.contypid = t.oid))
    from pg_catalog.pg_type t join namespace n on n.oid = t.typnamespace where t.typtype in ('d', 'e', 'r')
    union all
    select 'role', r.rolname::text, concat_ws(' ', r.rolsuper, r.rolbypassrls, r.rolcanlogin, r.rolcreaterole, r.rolinherit,
      (select string_agg(pg_get_userbyid(m.roleid)::text, ',' order by pg_get_userbyid(m.roleid)::text collate "C")
        from pg_catalog.pg_auth_members m where m.member = r.oid))
    from pg_catalog.pg_roles r
    where r.rolname in ('enginejs_owner', 'enginejs_anonymous', 'enginejs_user', 'enginejs_system',
                        'enginejs_action', 'enginejs_reader', 'enginejs_writer')
    union all
    select 'grant on ' || a.kind, a.name, string_agg(
      concat_ws(' ', case g.grantee when 0 then 'public' else pg_get_userbyid(g.grantee)::text end,
        g.privilege_type, g.is_grantable),
      ',' order by g.grantee = 0, pg_get_userbyid(g.grantee)::text collate "C", g.privilege_type collate "C", g.is_grantable)
    from access a, lateral aclexplode(a.list) g
    group by a.kind, a.name
  )
  select md5(coalesce(string_agg(md5(concat_ws(E'\x1f', f.kind, f.name, f.detail)), ''
    order by f.kind collate "C", f.name collate "C", f.detail collate "C"), ''))
  from fact f;
end;
revoke execute on function enginejs.catalog_fingerprint(text[]) from public;
grant execute on function enginejs.catalog_fingerprint(text[]) to enginejs_owner;
reset role;
