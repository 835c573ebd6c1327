-- extension-outdated: an extension is older than the one that the server has installed.
-- Why: The objects in this database stay at the version that they were made with, with its faults, until they are told.
-- Fix: update it; read what changed first.
-- See: https://www.postgresql.org/docs/current/sql-alterextension.html
select 'warn' as level,
       'extension' as kind,
       quote_ident(x.extname) as object,
       format('The extension %I is at version %s, the server has %s.', x.extname, x.extversion, a.default_version) as what,
       format('alter extension %I update;', x.extname) as fix
  from pg_extension x
  join pg_available_extensions a on a.name = x.extname
 where a.default_version is not null and a.default_version <> x.extversion
   -- What a server was upgraded from may not know the version any more.
   and exists (select from pg_available_extension_versions v where v.name = x.extname and v.version = x.extversion)
 order by object;
