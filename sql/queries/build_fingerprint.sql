-- What a build remembers of the catalogue: the application's schema, and the one function of the core that a build replaces.
-- The format tells which text of the function, on which version of the server, has spoken.
select
  md5(
    enginejs.catalog_fingerprint(array[$1::text])
    || coalesce((
      select concat_ws(' ', p.prosrc, p.prosecdef, p.proconfig, pg_get_userbyid(p.proowner))
      from pg_catalog.pg_proc p
      where p.oid = to_regprocedure('enginejs.membership_roles(uuid, uuid)')
    ), '')
  ) as fingerprint,
  md5(current_setting('server_version_num')::int / 10000 || pg_get_functiondef('enginejs.catalog_facts(text[])'::regprocedure)) as format;
