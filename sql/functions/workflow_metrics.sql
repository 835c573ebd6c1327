-- What the database knows of workflows, as Prometheus reads it: for the worker's and the server's /metrics, and for psql.
-- Labels are names of the model and states; nothing of a tenant. Each figure is of the whole database: of several that are
-- scraped, take one (`max`), do not add.
set role enginejs_writer;
create or replace function enginejs.workflow_metrics() returns text
language sql stable security definer set search_path = ''
as $$
  with figure (name, help, labels, value) as (
    select 'enginejs_workflow_events_pending', 'Events that wait for the relay.', '', count(*)::numeric
    from enginejs.workflow_events_pending
    union all
    select 'enginejs_workflow_relay_lag_seconds', 'Age of the oldest event that waits for the relay.', '', coalesce((
      select extract(epoch from clock_timestamp() - e.created_at)
      from (
        select p.event_id, p.segment from enginejs.workflow_events_pending p
        where p.next_run_at is null order by p.event_id limit 1
      ) oldest
      join enginejs.workflow_events e on e.id = oldest.event_id and e.segment = oldest.segment), 0)
    union all
    select 'enginejs_workflow_queue_age_seconds', 'How long the run that has waited longest for a worker has waited.', '',
      coalesce((
        select extract(epoch from clock_timestamp() - min(r.since)) from enginejs.workflow_runs_active r
        where r.status = 'queued'), 0)
    union all
    select 'enginejs_workflow_runs', 'Runs that are not finished, by workflow and status.',
      format('{workflow="%s",status="%s"}', replace(replace(r.name, '\', '\\'), '"', '\"'), r.status), r.runs
    from (
      select d.name, x.status, sum(x.runs) as runs
      from (
        select a.definition_id, enginejs.workflow_run_status(a.status, false, a.failure, a.paused) as status, count(*) as runs
        from enginejs.workflow_runs_active a group by 1, 2
        union all
        select p.definition_id, enginejs.workflow_run_status(p.status, true, p.failure, p.paused), count(*)
        from enginejs.workflow_runs_parked p group by 1, 2
      ) x
      join enginejs.workflow_definitions d on d.id = x.definition_id
      group by d.name, x.status
    ) r
    union all
    select 'enginejs_workflow_dead_letters', 'Runs that failed for good and are kept, by workflow.',
      format('{workflow="%s"}', replace(replace(r.name, '\', '\\'), '"', '\"')), r.runs
    from (
      select d.name, sum(f.runs) as runs
      from (
        select definition_id, count(*) as runs from enginejs.workflow_runs_finished where status = 'failed' group by 1
      ) f
      join enginejs.workflow_definitions d on d.id = f.definition_id
      group by d.name
    ) r
    union all
    select 'enginejs_workflow_events_failed', 'Events whose conditions could not be evaluated.', '', count(*)
    from enginejs.workflow_events_failed
    union all
    select 'enginejs_workflow_paused', 'Workflows that are paused.',
      format('{workflow="%s"}', replace(replace(p.workflow, '\', '\\'), '"', '\"')), 1
    from enginejs.workflow_pauses p
    union all
    select 'enginejs_workflow_queue_depth', 'Messages of a queue that are not done, once for each workflow that receives them.',
      format('{queue="%s"}', replace(replace(q.name, '\', '\\'), '"', '\"')), coalesce(w.messages, 0)
    from enginejs.workflow_queues q left join enginejs.workflow_queue_backlog w on w.queue = q.name
    union all
    select 'enginejs_workflow_queue_message_age_seconds', 'Age of the oldest message of a queue that is not done.',
      format('{queue="%s"}', replace(replace(q.name, '\', '\\'), '"', '\"')),
      coalesce(extract(epoch from clock_timestamp() - w.oldest_at), 0)
    from enginejs.workflow_queues q left join enginejs.workflow_queue_backlog w on w.queue = q.name
    union all
    select 'enginejs_webhook_deliveries_pending', 'Deliveries of webhooks that wait for their next attempt, or are being posted.', '', count(*)
    from enginejs.webhook_deliveries w where w.status = 'pending'
    union all
    select 'enginejs_webhook_delivery_lag_seconds', 'How long the delivery that is most overdue has been due, of endpoints that are on and do not fail.', '',
      coalesce((
        select extract(epoch from clock_timestamp() - min(w.next_attempt_at))
        from enginejs.webhook_deliveries w join enginejs.webhook_endpoints n on n.id = w.endpoint_id
        where w.status = 'pending' and w.worker is null and w.next_attempt_at < clock_timestamp()
          and n.enabled and n.failing_since is null), 0)
    union all
    select 'enginejs_webhook_dead_letters', 'Deliveries of webhooks that failed for good and are kept.', '', count(*)
    from enginejs.webhook_deliveries w where w.status = 'failed'
    union all
    select 'enginejs_webhook_endpoints', 'Endpoints of webhooks, by whether they are well, fail, or are off.', format('{status="%s"}', x.status), x.endpoints
    from (
      select case when not n.enabled then 'off' when n.failing_since is not null then 'failing' else 'well' end as status, count(*) as endpoints
      from enginejs.webhook_endpoints n where n.deleted_at is null group by 1
    ) x
    union all
    select 'enginejs_workflow_workers', 'Workers that are alive by their heartbeats.', '', count(*)
    from enginejs.workflow_workers w where w.heartbeat_at > clock_timestamp() - interval '15 s'
    union all
    select 'enginejs_workflow_worker_heartbeat_age_seconds', 'Since a worker was heard of last.',
      format('{worker="%s"}', w.id), extract(epoch from clock_timestamp() - w.heartbeat_at)
    from enginejs.workflow_workers w
    union all
    select 'enginejs_workflow_relay_leading', 'Whether a relay leads: 1, or 0.', '',
      (exists (
        select from pg_locks l
        where l.locktype = 'advisory' and l.classid = 7714001 and l.objid = 0 and l.granted
          and l.database = (select d.oid from pg_database d where d.datname = current_database())))::int
  )
  select string_agg(m.text, '' order by m.name)
  from (
    select f.name, format(E'# HELP %1$s %2$s\n# TYPE %1$s gauge\n', f.name, max(f.help))
      || string_agg(format(E'%s%s %s\n', f.name, f.labels, trim_scale(round(f.value, 3))), '' order by f.labels) as text
    from figure f group by f.name
  ) m
$$;
revoke execute on function enginejs.workflow_metrics() from public;
grant execute on function enginejs.workflow_metrics() to enginejs_owner;
reset role;
