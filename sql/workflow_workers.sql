-- Living workers. The heartbeat is the truth; the session advisory lock that each holds (class 7714002, its id)
-- only lets a death be noticed sooner. See functions/workflow_reap.sql.
set role enginejs_writer;

create table if not exists enginejs.workflow_workers (
  id int generated always as identity,
  host text not null,
  process_id int not null,
  -- Pools of graphile_worker that this worker has started: they own its locks on jobs.
  pools text[] not null default '{}',
  -- The backend of its relay, where it leads.
  relay_backend int,
  started_at timestamptz not null default clock_timestamp(),
  heartbeat_at timestamptz not null default clock_timestamp(),
  constraint workflow_workers_pkey primary key (id)
) with (fillfactor = 50);

comment on table enginejs.workflow_workers is 'Workers that are alive, by their heartbeats.';

reset role;
