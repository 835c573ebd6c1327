-- Refuses (EJ422) what no endpoint can have. Only the form of the URL is looked at here: where its name leads is asked when it is
-- posted to, each time, because that changes. Without TLS only hosts that the config names.
set role enginejs_writer;
create or replace function enginejs.webhook_check(url text, events text[], description text) returns void
language plpgsql stable set search_path = ''
as $$
declare
  parts constant text[] := regexp_match(url,
    '^(https?)://(\[[0-9a-f:.]{2,45}\]|[^]:/?#@\\[]{1,253})(?::[0-9]{1,5})?(?:[/?][^#\\]*)?$', 'i');
  unknown text;
begin
  if parts is null or length(url) > 2048 or url !~ '^[\x21-\x7e]+$' then
    raise exception 'the URL is no https URL: https://host/path, at most 2048 characters of ASCII, without a user, password or fragment'
      using errcode = 'EJ422';
  end if;
  if lower(parts[1]) <> 'https' and not exists (
    select from enginejs.webhook_settings s where lower(btrim(parts[2], '[]')) = any (s.private_hosts)
  ) then
    raise exception 'the URL must begin with https' using errcode = 'EJ422';
  end if;
  if events = '{}' then
    raise exception 'an endpoint chooses one event at least; none said: all' using errcode = 'EJ422';
  end if;
  select coalesce(e.type, 'null') into unknown
  from unnest(events) as e (type)
  where e.type is null or e.type not in (select w.type from enginejs.webhook_events w)
  limit 1;
  if found then
    raise exception 'there is no event "%"; offered are: %', left(unknown, 100),
      coalesce((select string_agg(w.type, ', ' order by w.type) from enginejs.webhook_events w), 'none')
      using errcode = 'EJ422';
  end if;
  if length(description) > 500 then
    raise exception 'the description has more than 500 characters' using errcode = 'EJ422';
  end if;
end
$$;
revoke execute on function enginejs.webhook_check(text, text[], text) from public;
reset role;
