insert into app.receipt (tenant_id, id, invoice_id, amount, created_at)
select
  invoice.tenant_id,
  format('60000000-0000-4000-8000-%s', lpad(to_hex(n), 12, '0'))::uuid,
  invoice.id,
  total.amount,
  invoice.created_at + interval '20 days'
from generate_series(1, 3000) as n
join app.invoice on invoice.id = format('40000000-0000-4000-8000-%s', lpad(to_hex(n), 12, '0'))::uuid
cross join lateral (
  select sum(line.total) as amount
  from app.invoice_line as line
  where line.tenant_id = invoice.tenant_id and line.invoice_id = invoice.id
) as total
-- The invoices that were seeded as paid, not those that somebody has had paid since.
where n % 10 between 3 and 8
on conflict do nothing;
