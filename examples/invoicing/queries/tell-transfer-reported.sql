-- Hands the bank's report to the run that waits for it. One that comes before anybody waits is kept for him.
select enginejs.workflow_signal(
  'transfer-reported', :transfer::text, jsonb_build_object('executed', :executed::boolean, 'reason', :reason::text)
) as taken
