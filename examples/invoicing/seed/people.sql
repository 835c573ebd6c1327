insert into app.user (id, name, email, created_at) values
  ('20000000-0000-4000-8000-000000000001', 'Bea Biller', 'biller@acme.example', '2026-01-01 08:00+00'),
  ('20000000-0000-4000-8000-000000000002', 'Max Member', 'member@acme.example', '2026-01-01 08:00+00'),
  ('20000000-0000-4000-8000-000000000003', 'Sam Stranger', 'stranger@globex.example', '2026-01-01 08:00+00'),
  ('20000000-0000-4000-8000-000000000004', 'Ina Initech', 'ina@initech.example', '2026-01-01 08:00+00')
on conflict do nothing;
