-- One to five lines an invoice.
insert into app.invoice_line (tenant_id, id, invoice_id, description, quantity, price, created_at)
select
  format('10000000-0000-4000-8000-%s', lpad(to_hex(1 + (n - 1) / 1000), 12, '0'))::uuid,
  format('50000000-0000-4000-8000-%s', lpad(to_hex(n * 8 + line), 12, '0'))::uuid,
  format('40000000-0000-4000-8000-%s', lpad(to_hex(n), 12, '0'))::uuid,
  (array['Consulting', 'Delivery', 'Maintenance', 'Materials', 'Repair', 'Training', 'Travel'])[1 + (n + line) % 7],
  1 + (n * line) % 9,
  500 + (n * 37 + line * 211) % 20000,
  timestamptz '2026-01-15 08:01+00' + n * interval '97 minutes'
from generate_series(1, 3000) as n
cross join lateral generate_series(1, 1 + n % 5) as line
on conflict do nothing;
