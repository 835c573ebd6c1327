-- Customers with invoices that wait to be paid: whom to write to, for which company, how much it is and which ones.
select
  customer.id,
  customer.email,
  tenant.name as company,
  sum(line.total)::bigint as total,
  jsonb_agg(distinct invoice.number order by invoice.number) as numbers
from app.invoice
join app.tenant on tenant.id = invoice.tenant_id
join app.customer on customer.tenant_id = invoice.tenant_id and customer.id = invoice.customer_id
join app.invoice_line as line on line.tenant_id = invoice.tenant_id and line.invoice_id = invoice.id
where invoice.status = 'sent'
group by customer.id, customer.email, tenant.name
order by customer.id
