-- Whether a worker still holds the lease of a run. Locks the run until the end of the transaction: nobody can take
-- the lease away between this and what depends on it. The transaction is known as one of that worker's from here on:
-- where it stands still in the middle, whoever reaps it ends the transaction, locks and all (workflow_reap).
set role enginejs_writer;
create or replace function enginejs.workflow_holds(run uuid, held_lease int) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  worker int;
begin
  select r.worker_id into worker from enginejs.workflow_runs_active r
  where r.id = run and r.lease = held_lease and r.status = 'running'
  for no key update;
  if not found then
    return false;
  end if;
  perform pg_advisory_xact_lock_shared(7714009, worker);
  return true;
end
$$;
revoke execute on function enginejs.workflow_holds(uuid, int) from public;
reset role;
