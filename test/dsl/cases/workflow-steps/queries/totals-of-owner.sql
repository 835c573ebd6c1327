-- What an owner's orders come to; a :name in a comment, a text ':since' or a cast::text is no parameter.
select status, sum(total)::bigint as total, 'a :since b' as text
from app.orders
where owner_id = :owner::uuid and created_at >= :since::timestamptz and owner_id = :owner::uuid
group by status;
