-- After the rows: checking a constraint once is cheaper than checking every row as it comes.

ALTER TABLE customers ADD UNIQUE (email);
ALTER TABLE addresses ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE CASCADE;
ALTER TABLE cards ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE CASCADE;
ALTER TABLE categories ADD FOREIGN KEY (parent_id) REFERENCES categories;
ALTER TABLE products ADD FOREIGN KEY (category_id) REFERENCES categories, ADD FOREIGN KEY (supplier_id) REFERENCES suppliers;
ALTER TABLE inventory ADD FOREIGN KEY (warehouse_id) REFERENCES warehouses, ADD FOREIGN KEY (product_id) REFERENCES products;
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers;
ALTER TABLE order_items ADD FOREIGN KEY (order_id, placed_on) REFERENCES orders (id, placed_on), ADD FOREIGN KEY (product_id) REFERENCES products;
ALTER TABLE payments ADD FOREIGN KEY (order_id, placed_on) REFERENCES orders (id, placed_on), ADD FOREIGN KEY (card_id) REFERENCES cards;
ALTER TABLE payment_attempts ADD FOREIGN KEY (card_id) REFERENCES cards;
ALTER TABLE refunds ADD FOREIGN KEY (payment_id) REFERENCES payments;
ALTER TABLE shipments ADD FOREIGN KEY (order_id, placed_on) REFERENCES orders (id, placed_on), ADD FOREIGN KEY (address_id) REFERENCES addresses;
ALTER TABLE support_tickets ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE CASCADE;
ALTER TABLE web_events ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE SET NULL;

CREATE INDEX ON addresses (customer_id);
CREATE INDEX ON cards (customer_id);
CREATE INDEX ON products (category_id);
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON payments (order_id);
CREATE INDEX ON payments (card_id);
CREATE INDEX ON payment_attempts (attempted_at);
CREATE INDEX ON shipments (order_id);
CREATE INDEX ON support_tickets (customer_id);
CREATE INDEX ON web_events (at);

-- The sequences go on where the rows end.
DO $$
DECLARE
  t text;
BEGIN
  FOR t IN SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND is_identity = 'YES' AND table_name !~ '^orders_' LOOP
    EXECUTE format('SELECT setval(pg_get_serial_sequence(%L, ''id''), max(id)) FROM %I', t, t);
  END LOOP;
END
$$;
