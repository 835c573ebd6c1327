-- 1,000 invoices a company. Of every ten: six paid, two sent, one draft, one void. Acme's belong to Bea and Max in turn.
insert into app.invoice (tenant_id, id, number, owner_id, customer_id, due_at, status, created_at)
select
  format('10000000-0000-4000-8000-%s', lpad(to_hex(1 + company), 12, '0'))::uuid,
  format('40000000-0000-4000-8000-%s', lpad(to_hex(n), 12, '0'))::uuid,
  format('inv-%s', lpad(n::text, 5, '0')),
  format('20000000-0000-4000-8000-%s',
    case company when 0 then lpad((2 - n % 2)::text, 12, '0') else lpad((2 + company)::text, 12, '0') end)::uuid,
  format('30000000-0000-4000-8000-%s', lpad(to_hex(company * 60 + 1 + n * 7 % 60), 12, '0'))::uuid,
  timestamptz '2026-02-14 08:00+00' + n * interval '97 minutes',
  (array['draft', 'sent', 'sent', 'paid', 'paid', 'paid', 'paid', 'paid', 'paid', 'void'])[1 + n % 10],
  timestamptz '2026-01-15 08:00+00' + n * interval '97 minutes'
from generate_series(1, 3000) as n
cross join lateral (select (n - 1) / 1000 as company) as owner
on conflict do nothing;
