-- The outbox, as people think of it: each event with its status. An event is done when all its runs are, failed when
-- one failed for good, pending until the relay has seen it. A view, because measurement said so: writers
-- append to a plain log, the relay deletes from a narrow table, and nothing is written twice.
set role enginejs_writer;

create or replace view enginejs.workflow_events_outbox as
  select e.id, e.created_at, e.model, e.action, e.record_id, e.before, e.after, e.changed, e.input, e.actor, e.origin,
    case
      when p.event_id is not null or exists (select from enginejs.workflow_events_held h where h.event_id = e.id)
        or exists (select from enginejs.workflow_messages_kept k where k.event_id = e.id) then 'pending'
      when a.runs > 0 then 'processing'
      when f.event_id is not null or d.failed > 0 then 'failed'
      else 'done'
    end as status,
    (coalesce(p.attempts, f.attempts, 0) + a.attempts + d.attempts)::int as attempts,
    least(p.next_run_at, a.next_run_at) as next_run_at,
    coalesce(p.error, f.error, a.error, d.error) as error,
    e.truncated, e.segment
  from enginejs.workflow_events e
  left join enginejs.workflow_events_pending p on p.event_id = e.id
  left join enginejs.workflow_events_failed f on f.event_id = e.id
  -- An event's runs are one range of the key: see workflow_run_id.
  cross join lateral (
    select count(*) as runs, coalesce(sum(r.attempts), 0) as attempts, min(r.next_run_at) as next_run_at,
      max(r.error) as error
    from (
      select id, attempts, next_run_at, error from enginejs.workflow_runs_active
      union all
      select id, attempts, next_run_at, error from enginejs.workflow_runs_parked
    ) r
    where r.id >= (lpad(to_hex(e.id), 16, '0') || '0000000000000000')::uuid
      and r.id <= (lpad(to_hex(e.id), 16, '0') || 'ffffffffffffffff')::uuid
  ) a
  cross join lateral (
    select count(*) filter (where r.status = 'failed') as failed, coalesce(sum(r.attempts), 0) as attempts,
      max(r.error) as error
    from enginejs.workflow_runs_finished r
    where r.segment = e.segment
      and r.id >= (lpad(to_hex(e.id), 16, '0') || '0000000000000000')::uuid
      and r.id <= (lpad(to_hex(e.id), 16, '0') || 'ffffffffffffffff')::uuid
  ) d;

comment on view enginejs.workflow_events_outbox is 'Events and what came of them: pending, processing, done or failed.';

reset role;
