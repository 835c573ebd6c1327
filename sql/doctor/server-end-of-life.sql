-- server-end-of-life: nobody mends this major version of the server any more.
-- Why: New vulnerabilities stay open in it.
-- Fix: upgrade to a newer major version.
-- See: https://www.postgresql.org/support/versioning/
with
  released (major, until) as (
    values (13, date '2025-11-13'), (14, date '2026-11-12'), (15, date '2027-11-11'), (16, date '2028-11-09'),
           (17, date '2029-11-08'), (18, date '2030-11-14')
  )
select case when r.until < current_date then 'warn' else 'info' end as level,
       'server' as kind,
       'server' as object,
       format('PostgreSQL %s is mended until %s.', r.major, r.until) as what,
       null as fix
  from released r
 where r.major = coalesce(nullif(current_setting('enginejs_doctor.server_version_num', true), ''), current_setting('server_version_num'))::int / 10000
   and r.until < current_date + 180;
