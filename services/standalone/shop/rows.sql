-- The same rows every time: whatever looks random is a hash of the row's number.
-- No person, card or account here exists: SSNs begin with 9, which is never given out; mail goes to example domains.

CREATE FUNCTION pg_temp.pick(i bigint, salt int, n int) RETURNS int LANGUAGE sql IMMUTABLE
  AS 'SELECT ((hashint8extended(i, salt) & 9223372036854775807) % n)::int';

CREATE FUNCTION pg_temp.one_of(words text[], i bigint, salt int) RETURNS text LANGUAGE sql IMMUTABLE
  AS 'SELECT words[1 + ((hashint8extended(i, salt) & 9223372036854775807) % cardinality(words))::int]';

-- The fifteen digits with the check digit that ISO/IEC 7812 asks for.
CREATE FUNCTION pg_temp.with_check_digit(digits text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT digits || (10 - sum(CASE WHEN p % 2 = 1 THEN d * 2 / 10 + d * 2 % 10 ELSE d END) % 10) % 10
  FROM (SELECT p, substr(digits, p, 1)::int AS d FROM generate_series(1, 15) p) AS digit
$$;

INSERT INTO customers (id, first_name, last_name, email, ssn, born_on, profile, created_at)
SELECT i, first, last, lower(first || '.' || last) || i || '@' || pg_temp.one_of('{example.com,example.net,example.org}', i, 3),
       format('9%s-%s-%s', lpad(pg_temp.pick(i, 4, 100)::text, 2, '0'), lpad(pg_temp.pick(i, 5, 100)::text, 2, '0'), lpad(pg_temp.pick(i, 6, 10000)::text, 4, '0')),
       date '1940-01-01' + pg_temp.pick(i, 7, 24000),
       jsonb_build_object('phone', format('+1-555-01%s', lpad(pg_temp.pick(i, 8, 100)::text, 2, '0')),
                          'loyalty', pg_temp.one_of('{none,silver,gold,platinum}', i, 9),
                          'newsletter', pg_temp.pick(i, 10, 2) = 1,
                          'sizes', jsonb_build_object('shoe', 36 + pg_temp.pick(i, 11, 12))),
       timestamptz '2023-01-01 00:00:00+00' + pg_temp.pick(i, 12, 90000000) * interval '1 second'
FROM (SELECT i,
        pg_temp.one_of('{Ada,Aiko,Amara,Anna,Aya,Ben,Bruno,Carla,Chen,Clara,Dario,Elif,Emma,Farid,Freya,Greta,Hana,Hugo,Ines,Ivan,Jack,Jonas,Kofi,Lars,Leila,Lena,Luca,Maya,Mia,Milan,Nadia,Noah,Nora,Omar,Paula,Rui,Sara,Sofia,Tom,Yuki}', i, 1) AS first,
        pg_temp.one_of('{Abe,Adams,Andersen,Baker,Bauer,Bianchi,Brown,Costa,Diaz,Diallo,Evans,Fischer,Garcia,Haas,Hansen,Ivanov,Jansen,Khan,Kim,Kowalski,Lee,Lopez,Martin,Mensah,Meyer,Moreau,Nguyen,Novak,Okafor,Patel,Petrov,Rossi,Sato,Schmidt,Silva,Smith,Suzuki,Tanaka,Weber,Wong}', i, 2) AS last
      FROM generate_series(1, 20000) i) AS person;

INSERT INTO addresses (id, customer_id, kind, street, city, postcode, country)
SELECT i, 1 + (i - 1) % 20000, CASE WHEN i <= 20000 THEN 'home' ELSE 'billing' END,
       1 + pg_temp.pick(i, 20, 180) || ' ' || pg_temp.one_of('{Harbour,Mill,Station,Garden,Castle,Market,River,Church,Park,Hill}', i, 21) || ' Street',
       pg_temp.one_of('{Lisbon,Porto,Berlin,Hamburg,Paris,Lyon,Oslo,Bergen,Turin,Rome,Madrid,Vienna,Prague,Dublin,Ghent}', i, 22),
       lpad(pg_temp.pick(i, 23, 100000)::text, 5, '0'),
       pg_temp.one_of('{PT,DE,FR,NO,IT,ES,AT,CZ,IE,BE}', i, 24)
FROM generate_series(1, 24000) i;

INSERT INTO cards (id, customer_id, number, brand, holder, expires)
SELECT i, c.id, pg_temp.with_check_digit(brand.prefix || lpad(pg_temp.pick(i, 30, 1000000000)::text, 9, '0')), brand.name,
       upper(c.first_name || ' ' || c.last_name), date '2027-01-01' + 30 * pg_temp.pick(i, 31, 48)
FROM generate_series(1, 24000) i
JOIN customers c ON c.id = 1 + (i - 1) % 20000
JOIN (VALUES (0, 'visa', '411111'), (1, 'mastercard', '555555')) AS brand (key, name, prefix) ON brand.key = pg_temp.pick(i, 32, 2);

INSERT INTO suppliers (id, name, country, iban)
SELECT i, pg_temp.one_of('{Northern,Alpine,Coastal,Meridian,Harbour,Summit,Lantern,Juniper}', i, 40) || ' ' || pg_temp.one_of('{Trading,Supply,Works,Goods,Mills}', i, 41) || ' ' || i,
       'DE', 'DE00' || lpad(pg_temp.pick(i, 42, 1000000000)::text, 18, '0')
FROM generate_series(1, 200) i;

INSERT INTO categories (id, parent_id, name)
SELECT i, CASE WHEN i > 8 THEN 1 + (i - 1) % 8 END,
       CASE WHEN i <= 8 THEN (ARRAY['Kitchen','Garden','Office','Sports','Books','Toys','Clothing','Electronics'])[i]
            ELSE (ARRAY['Kitchen','Garden','Office','Sports','Books','Toys','Clothing','Electronics'])[1 + (i - 1) % 8] || ' ' || (ARRAY['basics','premium','outlet','gifts'])[(i - 1) / 8] END
FROM generate_series(1, 40) i;

INSERT INTO products (id, category_id, supplier_id, sku, name, price, tags, attributes)
SELECT i, 1 + pg_temp.pick(i, 50, 40), 1 + pg_temp.pick(i, 51, 200), 'SKU-' || lpad(i::text, 6, '0'),
       pg_temp.one_of('{Oak,Steel,Linen,Copper,Bamboo,Glass,Wool,Cork}', i, 52) || ' ' || pg_temp.one_of('{Lamp,Kettle,Chair,Notebook,Backpack,Bottle,Puzzle,Jacket,Speaker,Rake}', i, 53),
       (199 + pg_temp.pick(i, 54, 24800)) / 100.0,
       ARRAY[pg_temp.one_of('{new,sale,classic,eco}', i, 55), pg_temp.one_of('{small,medium,large}', i, 56)],
       jsonb_build_object('weight_g', 50 + pg_temp.pick(i, 57, 5000), 'colour', pg_temp.one_of('{red,green,blue,black,white}', i, 58))
FROM generate_series(1, 2000) i;

INSERT INTO warehouses (id, city) VALUES (1, 'Rotterdam'), (2, 'Leipzig'), (3, 'Zaragoza');

INSERT INTO inventory (warehouse_id, product_id, on_hand, reserved)
SELECT w, p, pg_temp.pick(p * 4 + w, 60, 500), pg_temp.pick(p * 4 + w, 61, 20) FROM generate_series(1, 2000) p, generate_series(1, 3) w;

INSERT INTO orders (id, customer_id, placed_on, status, total)
SELECT i, 1 + pg_temp.pick(i, 70, 20000), date '2026-01-01' + (i / 150)::int,
       pg_temp.one_of('{placed,paid,shipped,delivered,delivered,delivered,delivered,returned,cancelled}', i, 71)::order_status, 0
FROM generate_series(1, 45000) i;

INSERT INTO order_items (order_id, placed_on, line, product_id, quantity, price)
SELECT o.id, o.placed_on, line, p.id, 1 + pg_temp.pick(o.id * 4 + line, 80, 3), p.price
FROM orders o
CROSS JOIN generate_series(1, 3) AS line
JOIN products p ON p.id = 1 + pg_temp.pick(o.id * 4 + line, 81, 2000)
WHERE line <= 1 + pg_temp.pick(o.id, 82, 3);

UPDATE orders o SET total = sums.total
FROM (SELECT order_id, placed_on, sum(quantity * price) AS total FROM order_items GROUP BY order_id, placed_on) AS sums
WHERE o.id = sums.order_id AND o.placed_on = sums.placed_on;

INSERT INTO payments (id, order_id, placed_on, card_id, amount, status, paid_at)
SELECT o.id, o.id, o.placed_on, o.customer_id, o.total, CASE o.status WHEN 'placed' THEN 'authorised' WHEN 'cancelled' THEN 'failed' WHEN 'returned' THEN 'refunded' ELSE 'captured' END,
       o.placed_on::timestamp AT TIME ZONE 'UTC' + pg_temp.pick(o.id, 90, 86400) * interval '1 second'
FROM orders o;

INSERT INTO payment_attempts (id, card_id, amount, outcome, attempted_at)
SELECT i, 1 + pg_temp.pick(i, 100, 24000), (100 + pg_temp.pick(i, 101, 50000)) / 100.0,
       pg_temp.one_of('{declined,timeout,insufficient_funds,expired_card}', i, 102),
       timestamptz '2026-01-01 00:00:00+00' + i * interval '20 minutes'
FROM generate_series(1, 20000) i;

INSERT INTO refunds (id, payment_id, amount, reason, refunded_at)
SELECT row_number() OVER (ORDER BY id), id, amount, pg_temp.one_of('{damaged,late,"wrong size","changed mind"}', id, 110), paid_at + interval '9 days'
FROM payments WHERE status = 'refunded' AND amount > 0;

INSERT INTO shipments (id, order_id, placed_on, address_id, carrier, tracking, shipped_at)
SELECT id, id, placed_on, customer_id, pg_temp.one_of('{DHL,UPS,PostNL,CTT}', id, 120), 'T' || lpad(pg_temp.pick(id, 121, 1000000000)::text, 12, '0'),
       placed_on::timestamp AT TIME ZONE 'UTC' + interval '2 days'
FROM orders WHERE status IN ('shipped', 'delivered', 'returned');

INSERT INTO support_tickets (id, customer_id, subject, body, state, opened_at, updated_at)
SELECT i, 1 + pg_temp.pick(i, 130, 20000), pg_temp.one_of('{"Where is my order?","Charged twice","Wrong address","Return label"}', i, 131),
       'Order ' || 1 + pg_temp.pick(i, 132, 45000) || ': please call me back.', pg_temp.one_of('{open,waiting,closed,closed}', i, 133),
       opened, opened + interval '1 day'
FROM (SELECT i, timestamptz '2026-01-01 00:00:00+00' + i * interval '2 hours' AS opened FROM generate_series(1, 3000) i) AS ticket;

INSERT INTO web_events (id, customer_id, path, ip, at)
SELECT i, CASE WHEN pg_temp.pick(i, 140, 3) > 0 THEN 1 + pg_temp.pick(i, 141, 20000) END,
       '/products/' || 1 + pg_temp.pick(i, 142, 2000), inet '198.51.100.0' + pg_temp.pick(i, 143, 256),
       timestamptz '2026-09-01 00:00:00+00' + i * interval '1 minute'
FROM generate_series(1, 40000) i;
