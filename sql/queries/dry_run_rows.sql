-- Rows that the transaction has written so far, by table; also of entities that write no events.
select relname as "table", n_tup_ins::int as inserted, n_tup_upd::int as updated, n_tup_del::int as deleted
from pg_catalog.pg_stat_xact_user_tables
where schemaname = $1 and n_tup_ins + n_tup_upd + n_tup_del > 0
order by relname
