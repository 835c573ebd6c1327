-- Whether a worker still holds the lease of a run. Locks the run until the end of the transaction: nobody can take
-- the lease away between this and what depends on it.
set role enginejs_writer;
create or replace function enginejs.workflow_holds(run uuid, held_lease int) returns boolean
language plpgsql volatile set search_path = ''
as $$
begin
  perform from enginejs.workflow_runs_active r
  where r.id = run and r.lease = held_lease and r.status = 'running'
  for no key update;
  return found;
end
$$;
revoke execute on function enginejs.workflow_holds(uuid, int) from public;
reset role;
