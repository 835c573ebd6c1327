-- The functions of approvals that the newest build has no more, and runs of older definitions may still ask: each was
-- moved from the model's schema into the core's (functions/workflow_retire_rule.sql). In a table, for a function's name
-- does not say which workflow it is of.
set role enginejs_writer;

create table if not exists enginejs.workflow_retired_rules (
  rule text not null,
  workflow text not null,
  retired_at timestamptz not null default clock_timestamp(),
  constraint workflow_retired_rules_pkey primary key (rule)
);

comment on table enginejs.workflow_retired_rules is 'Functions of approvals that only runs of older definitions ask.';

revoke all on enginejs.workflow_retired_rules from public;
grant select on enginejs.workflow_retired_rules to enginejs_owner;
grant select, insert, update, delete on enginejs.workflow_retired_rules to enginejs_reader;
reset role;
