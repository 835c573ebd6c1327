-- The refund is not paid.
select status from app.refuse_refund(:refund::uuid)
