-- A third of what an invoice bills, where nothing is known yet.
update app.invoice_margin m
set margin = (select coalesce(sum(l.total), 0) / 3 from app.invoice_line l where l.tenant_id = m.tenant_id and l.invoice_id = m.id)
where m.margin is null;
