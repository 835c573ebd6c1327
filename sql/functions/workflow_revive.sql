-- Takes failed runs back among the active ones, with their checkpoints, and rings for them: each tries its failed step again
-- with all its attempts. Their time counts from now. Returns how many; those that are not failed (any more) are left alone.
set role enginejs_writer;
create or replace function enginejs.workflow_revive(runs uuid[], segments int[]) returns int
language plpgsql volatile set search_path = ''
as $$
declare
  revived uuid[];
begin
  with taken as (
    delete from enginejs.workflow_runs_finished f
    using unnest(runs, segments) as u (run, segment)
    where f.id = u.run and f.segment = u.segment and f.status = 'failed'
    returning f.id, f.definition_id, f.event_id, f.segment, f.attempts, f.failed_step, f.error, f.created_at
  ),
  active as (
    insert into enginejs.workflow_runs_active
      (id, definition_id, event_id, segment, status, attempts, failed_step, error, created_at, restarted_at)
    select t.id, t.definition_id, t.event_id, t.segment, 'waiting', t.attempts, t.failed_step, t.error, t.created_at,
      clock_timestamp()
    from taken t
    returning id
  )
  select array_agg(a.id order by a.id) into revived from active a;
  perform enginejs.workflow_ring_for(revived);
  return coalesce(cardinality(revived), 0);
end
$$;
revoke execute on function enginejs.workflow_revive(uuid[], int[]) from public;
reset role;
