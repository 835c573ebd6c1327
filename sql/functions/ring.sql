-- The doorbell: wakes the relay if it sleeps, and does nothing while it is awake. The only place of EngineJS where
-- writers notify: NOTIFY takes a database-wide lock at commit, so that writers would stop sharing their fsync.
--
-- A relay that sleeps holds the advisory lock K = (7714000, 0) exclusively. A writer tries to share it: where that
-- fails somebody sleeps, and is notified. A relay goes to sleep only when it has K, and looks once more when it has:
-- every writer that chose not to notify has ended by then and is visible. A relay takes K by trying, never by
-- waiting: the shared tries of all writers would queue behind one that waits.
--
-- Returns whether it rang.
set role enginejs_writer;
create or replace function enginejs.ring() returns boolean
language plpgsql volatile parallel unsafe
as $$
begin
  if pg_try_advisory_xact_lock_shared(7714000, 0) then
    return false;
  end if;
  perform pg_notify('enginejs_workflow', '');
  return true;
end
$$;
revoke execute on function enginejs.ring() from public;
reset role;
