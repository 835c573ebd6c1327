-- Three companies; in each a biller (…01), a member (…02) and an owner of invoices without a role of note (…03).
-- Ids tell what a row is: 10… users, 20… customers, 30… invoices, 40… lines; the last two digits of the first block are the tenant.
insert into app.tenant (id, name)
select format('00000000-0000-4000-8000-0000000000%s', lpad(t::text, 2, '0'))::uuid, 'Company ' || t
from generate_series(1, 3) t;

insert into app."user" (id, name, email)
select format('100000%s-0000-4000-8000-0000000000%s', lpad(t::text, 2, '0'), lpad(u::text, 2, '0'))::uuid,
  (array['Biller', 'Member', 'Owner'])[u] || ' ' || t, format('user%s@company%s.example', u, t)
from generate_series(1, 3) t, generate_series(1, 3) u;

insert into app.membership (tenant_id, user_id, roles)
select format('00000000-0000-4000-8000-0000000000%s', lpad(t::text, 2, '0'))::uuid,
  format('100000%s-0000-4000-8000-0000000000%s', lpad(t::text, 2, '0'), lpad(u::text, 2, '0'))::uuid,
  case when u = 1 then '{billing}'::text[] else '{member}'::text[] end
from generate_series(1, 3) t, generate_series(1, 3) u;

insert into app.customer (tenant_id, id, name, email)
select format('00000000-0000-4000-8000-0000000000%s', lpad(t::text, 2, '0'))::uuid,
  format('200000%s-0000-4000-8000-0000000000%s', lpad(t::text, 2, '0'), lpad(c::text, 2, '0'))::uuid,
  'Customer ' || c, format('customer%s@company%s.example', c, t)
from generate_series(1, 3) t, generate_series(1, 10) c;

-- Numbers INV-1 to INV-40; every second one is a draft, the others were sent.
insert into app.invoice (tenant_id, id, number, owner_id, customer_id, due_at, status)
select format('00000000-0000-4000-8000-0000000000%s', lpad(t::text, 2, '0'))::uuid,
  format('300000%s-0000-4000-8000-0000000000%s', lpad(t::text, 2, '0'), lpad(i::text, 2, '0'))::uuid,
  'INV-' || i, format('100000%s-0000-4000-8000-000000000003', lpad(t::text, 2, '0'))::uuid,
  format('200000%s-0000-4000-8000-0000000000%s', lpad(t::text, 2, '0'), lpad((1 + i % 10)::text, 2, '0'))::uuid,
  now() + interval '14 days', case when i % 2 = 0 then 'draft' else 'sent' end
from generate_series(1, 3) t, generate_series(1, 40) i;

insert into app.invoice_line (tenant_id, id, invoice_id, description, quantity, price)
select i.tenant_id, (left(replace(i.id::text, '300000', '400000'), 31) || lpad(l::text, 3, '0') || right(i.id::text, 2))::uuid,
  i.id, 'Position ' || l, l, 100
from app.invoice i, generate_series(1, 5) l;

analyze;
