-- extension-in-public: an extension's objects lie in the schema public.
-- Why: They stand among the tables of the project, in every API over that schema, and under whatever rights public has.
-- Fix: move it to a schema of its own, and put that on the search_path of those who use it.
-- See: https://www.postgresql.org/docs/current/sql-alterextension.html
select 'warn' as level,
       'extension' as kind,
       quote_ident(x.extname) as object,
       format('The extension %I lies in public.', x.extname) as what,
       case when x.extrelocatable
            then format('create schema if not exists extensions; alter extension %I set schema extensions;', x.extname) end as fix
  from pg_extension x
 where x.extnamespace = (select oid from pg_namespace where nspname = 'public') and x.extname <> 'plpgsql'
 order by object;
