-- The tables of workflows belong to enginejs_writer, which the worker's login inherits. Actors get nothing: no
-- grant, so no policy is needed. Events hold the rows of every tenant; enginejs_system, which may read those anyway,
-- evaluates the conditions of triggers over them. Whoever builds may look.
set role enginejs_writer;
revoke all on
  enginejs.workflow_segments, enginejs.workflow_events, enginejs.workflow_events_pending, enginejs.workflow_events_failed,
  enginejs.workflow_definitions, enginejs.workflow_subscriptions, enginejs.workflow_runs_active, enginejs.workflow_runs_parked,
  enginejs.workflow_waits, enginejs.workflow_signals, enginejs.workflow_pauses, enginejs.workflow_events_held,
  enginejs.workflow_schedules, enginejs.workflow_ticks, enginejs.workflow_moments, enginejs.workflow_triggers,
  enginejs.workflow_deliveries, enginejs.workflow_turns, enginejs.workflow_turn_starts,
  enginejs.workflow_queues, enginejs.workflow_messages_kept, enginejs.workflow_queue_backlog,
  enginejs.workflow_runs_finished, enginejs.workflow_run_steps, enginejs.workflow_workers,
  enginejs.workflow_runs, enginejs.workflow_events_outbox, enginejs.workflow_dead_letters
from public;
grant select on enginejs.workflow_events to enginejs_system;
grant select on
  enginejs.workflow_segments, enginejs.workflow_events, enginejs.workflow_events_pending, enginejs.workflow_events_failed,
  enginejs.workflow_definitions, enginejs.workflow_subscriptions, enginejs.workflow_runs_active, enginejs.workflow_runs_parked,
  enginejs.workflow_waits, enginejs.workflow_signals, enginejs.workflow_pauses, enginejs.workflow_events_held,
  enginejs.workflow_schedules, enginejs.workflow_ticks, enginejs.workflow_moments, enginejs.workflow_triggers,
  enginejs.workflow_deliveries, enginejs.workflow_turns, enginejs.workflow_turn_starts,
  enginejs.workflow_queues, enginejs.workflow_messages_kept, enginejs.workflow_queue_backlog,
  enginejs.workflow_runs_finished, enginejs.workflow_run_steps, enginejs.workflow_workers,
  enginejs.workflow_runs, enginejs.workflow_events_outbox, enginejs.workflow_dead_letters
to enginejs_owner;
reset role;
