-- Called by workers that stand by, each second: ends the session of a relay that leads and stands still, so that another one
-- leads. One that lives asks the database something twice a second; one whose session has waited for its process for 3 s was
-- stopped, computes, or cannot be reached. That is soon: whoever is declared dead by his heartbeat was silent for 15 s
-- (workflow_reap). But nothing more is taken from him here than that he leads: his runs stay his own until then.
-- A wrong guess costs him a lost connection, and then he stands by. Returns whether there was one.
set role enginejs_writer;
create or replace function enginejs.workflow_replace_leader(worker int) returns boolean
language plpgsql volatile set search_path = ''
as $$
begin
  perform pg_terminate_backend(l.pid)
  from pg_locks l join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and l.classid = 7714001 and l.objid = 0 and l.objsubid = 2 and l.granted
    and l.database = (select d.oid from pg_database d where d.datname = current_database())
    and a.state like 'idle%' and a.state_change < clock_timestamp() - interval '3 s' and pg_has_role(a.usesysid, 'usage')
    -- Its own: this process has just begun to move again.
    and not exists (
      select from pg_locks o
      where o.locktype = 'advisory' and o.classid = 7714009 and o.objid = worker::oid and o.pid = l.pid
    );
  return found;
end
$$;
revoke execute on function enginejs.workflow_replace_leader(int) from public;
reset role;
