-- Two teams at Acme, north and south; Max is in the first, which looks after every other customer.
insert into app.team (tenant_id, id, name, created_at) values
  ('10000000-0000-4000-8000-000000000001', '80000000-0000-4000-8000-000000000001', 'North', '2026-01-01 08:00+00'),
  ('10000000-0000-4000-8000-000000000001', '80000000-0000-4000-8000-000000000002', 'South', '2026-01-01 08:00+00')
on conflict do nothing;

insert into app.team_member (tenant_id, id, team_id, user_id, created_at) values
  ('10000000-0000-4000-8000-000000000001', '90000000-0000-4000-8000-000000000001', '80000000-0000-4000-8000-000000000001',
    '20000000-0000-4000-8000-000000000002', '2026-01-01 08:00+00')
on conflict do nothing;
