-- The refund has reached the customer.
select status from app.settle_refund(:refund::uuid)
