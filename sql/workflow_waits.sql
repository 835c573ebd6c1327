-- What runs wait for, a row per waiting step. Whoever brings the outcome writes it here and unparks the run; the run
-- turns it into the step's checkpoint when it goes on (functions/workflow_resume.sql). The row's lock decides between
-- an outcome that comes and a run that is about to park.
set role enginejs_writer;

create table if not exists enginejs.workflow_waits (
  run_id uuid not null,
  -- The node's path: `pause`, `remind[3].pause`.
  step text not null,
  kind text not null,
  since timestamptz not null default clock_timestamp(),
  -- When a timer or pause is over, and when the wait for anything else is.
  until timestamptz,
  -- A signal's name and key; a child's workflow.
  name text,
  key text,
  -- The run that is waited for, and where its history lies.
  child uuid,
  child_segment int,
  -- Of an approval and of a signal: the run's tenant; who decides, or signals, in another one is not heard.
  tenant uuid,
  -- An approval: what is asked and shown, the name of the function that says who may decide (the build's:
  -- functions/workflow_find_rule.sql), and what the names in its condition stand for.
  question text,
  data jsonb,
  policy text,
  scope jsonb,
  -- A pause before another attempt: how often the step has failed, and how the last time.
  failures int,
  error text,
  -- {"output": …} or {"error": "…"}, once it has come.
  outcome jsonb,
  constraint workflow_waits_pkey primary key (run_id, step),
  constraint workflow_waits_kind_check check (kind in ('timer', 'signal', 'approval', 'child', 'retry'))
);

create index if not exists workflow_waits_signal_idx on enginejs.workflow_waits (name, key)
  where kind = 'signal' and outcome is null;
create index if not exists workflow_waits_child_idx on enginejs.workflow_waits (child) where kind = 'child' and outcome is null;
create index if not exists workflow_waits_approval_idx on enginejs.workflow_waits (tenant, since)
  where kind = 'approval' and outcome is null;

comment on table enginejs.workflow_waits is 'What runs of workflows wait for.';

-- Signals that came before anybody waited for them.
create table if not exists enginejs.workflow_signals (
  id bigint generated always as identity,
  name text not null,
  key text not null,
  -- In which it was given; null: by the platform, for whoever waits.
  tenant uuid,
  payload jsonb,
  created_at timestamptz not null default clock_timestamp(),
  constraint workflow_signals_pkey primary key (id)
);

create index if not exists workflow_signals_name_key_idx on enginejs.workflow_signals (name, key, id);

comment on table enginejs.workflow_signals is 'Signals that nobody waited for yet: the next wait takes them, the oldest first.';

reset role;
