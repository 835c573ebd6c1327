-- Orders above an amount.
select id, total from app.orders where total > :least::bigint order by total
