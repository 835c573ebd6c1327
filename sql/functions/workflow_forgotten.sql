-- Gives back runs that were claimed for a living worker which does not know of it: the answer to its claim was lost
-- with the connection. `known` are the runs that it is at.
set role enginejs_writer;
create or replace function enginejs.workflow_forgotten(worker int, known uuid[]) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  runs uuid[];
begin
  select array_agg(f.id) into runs
  from (
    select r.id from enginejs.workflow_runs_active r
    where r.status = 'running' and r.worker_id = worker and r.since < clock_timestamp() - interval '5 s'
      and r.id <> all (known)
    for update skip locked
  ) f;
  perform enginejs.workflow_ring_for(runs);
  return coalesce(cardinality(runs), 0);
end
$$;
revoke execute on function enginejs.workflow_forgotten(int, uuid[]) from public;
reset role;
