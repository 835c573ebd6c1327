-- Max asks for 600.00 back on one of his paid invoices: more than 500.00, so Bea is asked whether it is paid.
insert into app.refund (tenant_id, id, invoice_id, requested_by_id, amount, iban, reason)
select
  invoice.tenant_id,
  'a0000000-0000-4000-8000-000000000001',
  invoice.id,
  invoice.owner_id,
  60000,
  'DE89370400440532013000',
  'arrived broken'
from app.invoice
join app.invoice_line as line on line.tenant_id = invoice.tenant_id and line.invoice_id = invoice.id
where invoice.owner_id = '20000000-0000-4000-8000-000000000002' and invoice.status = 'paid'
group by invoice.tenant_id, invoice.id
having sum(line.total) >= 60000
order by invoice.id
limit 1
on conflict do nothing;
