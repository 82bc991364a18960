-- Who may do what once logged in. The roles are made, and their passwords set, at every start.

REVOKE ALL ON DATABASE shop FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE shop TO billing_agent, analyst;
GRANT CONNECT ON DATABASE shop TO sallyport_catalog;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO billing_agent, analyst;
GRANT EXECUTE ON FUNCTION order_total, card_last4 TO billing_agent, analyst;

GRANT INSERT, UPDATE, DELETE ON payments, payment_attempts, refunds TO billing_agent;
GRANT UPDATE (status, note) ON orders TO billing_agent;
GRANT EXECUTE ON FUNCTION refund_payment TO billing_agent;
