-- What a reset deletes, as somebody who knows these tables would write it by hand. The measure for `benchmarks.reset`.
\set ON_ERROR_STOP on
BEGIN;
CREATE TEMPORARY TABLE doomed ON COMMIT DROP AS
    SELECT id FROM customers WHERE lower(email) LIKE '%@test.example.com' OR lower(email) LIKE '%@example.com' FOR UPDATE;
ANALYZE doomed;
DELETE FROM credit_transactions AS t USING doomed AS d WHERE t.customer_id = d.id;
DELETE FROM subscriptions AS t USING doomed AS d WHERE t.customer_id = d.id;
DELETE FROM api_keys AS t USING doomed AS d WHERE t.customer_id = d.id;
DELETE FROM usage_records AS t USING doomed AS d WHERE t.customer_id = d.id;
DELETE FROM fix_attempts AS t USING doomed AS d WHERE t.customer_id = d.id;
DELETE FROM customers AS t USING doomed AS d WHERE t.id = d.id;
COMMIT;
