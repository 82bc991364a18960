-- Views, functions, a trigger: what a real shop has beside its tables.

CREATE VIEW customer_overview AS
SELECT c.id, c.first_name, c.last_name, c.email, c.profile ->> 'loyalty' AS loyalty, count(o.id) AS orders, coalesce(sum(o.total), 0) AS spent
FROM customers c LEFT JOIN orders o ON o.customer_id = c.id
GROUP BY c.id;

CREATE VIEW open_payments AS
SELECT p.id, p.order_id, p.amount, p.paid_at, c.brand, c.number FROM payments p JOIN cards c ON c.id = p.card_id WHERE p.status = 'authorised';

CREATE VIEW monthly_revenue AS
SELECT date_trunc('month', placed_on)::date AS month, count(*) AS orders, sum(total) AS revenue
FROM orders WHERE status NOT IN ('cancelled', 'returned') GROUP BY 1;

CREATE VIEW low_stock AS
SELECT p.sku, p.name, w.city, i.on_hand FROM inventory i JOIN products p ON p.id = i.product_id JOIN warehouses w ON w.id = i.warehouse_id WHERE i.on_hand < 10;

CREATE FUNCTION order_total(wanted bigint) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT sum(quantity * price) FROM order_items WHERE order_id = wanted;
END;

CREATE FUNCTION card_last4(number text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN right(number, 4);

CREATE FUNCTION refund_payment(paid bigint, why text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  made bigint;
BEGIN
  INSERT INTO refunds (payment_id, amount, reason) SELECT id, amount, why FROM payments WHERE id = paid AND status = 'captured' RETURNING id INTO made;
  IF made IS NULL THEN
    RAISE EXCEPTION 'payment % cannot be refunded', paid USING ERRCODE = 'check_violation';
  END IF;
  UPDATE payments SET status = 'refunded' WHERE id = paid;
  RETURN made;
END
$$;

CREATE FUNCTION touch_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
CREATE TRIGGER touch BEFORE UPDATE ON support_tickets FOR EACH ROW EXECUTE FUNCTION touch_ticket();
