select sum(total) from app.orders where owner_id = :owner
