-- Tells those who wait for the ends of these runs (the channel enginejs_ended, a run's id each). Called by the worker after
-- the ends are committed, and only for runs whose start said that somebody waits (origin: {"awaited": true}): NOTIFY is
-- dear to commits that happen at the same time, and this transaction writes nothing, so that its own commit waits for no
-- disk. What is lost by a death in between is found by those who wait, who look now and then.
set role enginejs_writer;
create or replace function enginejs.workflow_ended(runs uuid[]) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform pg_notify('enginejs_ended', r.run::text) from unnest(runs) as r (run);
end
$$;
revoke execute on function enginejs.workflow_ended(uuid[]) from public;
reset role;
