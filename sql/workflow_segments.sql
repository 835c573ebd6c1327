-- The outbox's history lies in segments: the event log, the finished runs and the results of steps each
-- have one partition per segment, by default a day's worth, so that retention drops tables and deletes no row.
-- Segments are numbered, not dated: the newest partition of the log is a plain table of a fixed name,
-- enginejs.workflow_events_current, which writers insert into directly. No routing, no default partition,
-- and a writer never fails because nobody has made tomorrow's partition.
set role enginejs_writer;

create table if not exists enginejs.workflow_segments (
  segment int not null,
  opened_at timestamptz not null default clock_timestamp(),
  -- Null: the one that writers use.
  closed_at timestamptz,
  constraint workflow_segments_pkey primary key (segment)
);

create unique index if not exists workflow_segments_open_key on enginejs.workflow_segments ((true)) where closed_at is null;

comment on table enginejs.workflow_segments is 'The parts that the history of events, runs and steps is kept and dropped in.';

reset role;
