-- Called by a worker's heartbeat, a thread of its own, while the process's event loop stands still: some handler computes for
-- seconds, or waits without giving way. The process is not dead, and its runs stay its own. But its relay would lead, its jobs
-- would be kept, and its transactions would hold their locks for as long, and everybody else would wait. Where there is another
-- worker to go on, these are ended; to the process it is a lost connection when it wakes up.
-- What is in the middle of a statement does not wait for the process, and is left alone. Returns whether there is another.
set role enginejs_writer;
create or replace function enginejs.workflow_step_aside(worker int) returns boolean
language plpgsql volatile set search_path = ''
as $$
begin
  if not exists (
    select from enginejs.workflow_workers w
    where w.id <> worker and w.heartbeat_at > clock_timestamp() - interval '5 s'
  ) then
    return false;
  end if;
  perform pg_terminate_backend(l.pid)
  from pg_locks l join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and l.classid = 7714009 and l.objid = worker::oid and l.pid <> pg_backend_pid()
    and l.database = (select d.oid from pg_database d where d.datname = current_database())
    and a.state like 'idle%' and pg_has_role(a.usesysid, 'usage');
  -- Its pools' jobs ring for runs that others can claim. When it wakes up and rings as well, they are claimed already.
  perform graphile_worker.force_unlock_workers(w.pools) from enginejs.workflow_workers w
  where w.id = worker and exists (select from graphile_worker._private_jobs j where j.locked_by = any (w.pools));
  return true;
end
$$;
revoke execute on function enginejs.workflow_step_aside(int) from public;
reset role;
