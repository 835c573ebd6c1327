-- 60 customers a company: numbers 1 to 60, 61 to 120, 121 to 180.
insert into app.customer (tenant_id, id, name, email, team_id, created_at)
select
  format('10000000-0000-4000-8000-%s', lpad(to_hex(1 + (n - 1) / 60), 12, '0'))::uuid,
  format('30000000-0000-4000-8000-%s', lpad(to_hex(n), 12, '0'))::uuid,
  format('%s %s',
    (array['Blue', 'Northern', 'Silver', 'Harbour', 'Maple', 'Summit', 'River', 'Old Town', 'Granite', 'Clover'])[1 + n % 10],
    (array['Bakery', 'Bicycles', 'Books', 'Gardens', 'Instruments', 'Logistics'])[1 + n / 10 % 6]),
  format('accounts-%s@customer.example', n),
  case when n <= 60 then format('80000000-0000-4000-8000-%s', lpad((1 + n % 2)::text, 12, '0'))::uuid end,
  timestamptz '2026-01-02 08:00+00' + n * interval '7 minutes'
from generate_series(1, 180) as n
on conflict do nothing;
