/** A schema with masked columns, and every way in which Postgres lets another object stand for a table. */
export const hospitalSql = `
CREATE EXTENSION pg_trgm; CREATE EXTENSION pgcrypto; CREATE EXTENSION tablefunc; CREATE EXTENSION dblink; CREATE EXTENSION citext;
CREATE EXTENSION hstore; CREATE EXTENSION file_fdw;
CREATE TYPE blood AS ENUM ('0', 'A', 'B', 'AB');
CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
CREATE TABLE patient (
  id int PRIMARY KEY, name text NOT NULL, mrn text NOT NULL UNIQUE, phone varchar(20), born date NOT NULL, weight numeric(5,1),
  contact email, kind blood, code char(6), record jsonb, raw json, notes text COLLATE "C",
  mrn_key text GENERATED ALWAYS AS (reverse(mrn)) STORED, ward int);
CREATE TABLE inpatient (bed int) INHERITS (patient);
CREATE TABLE stay (id int NOT NULL, patient int NOT NULL, ward text NOT NULL, policy text NOT NULL, cost numeric(10,2),
  PRIMARY KEY (id, ward)) PARTITION BY LIST (ward);
CREATE TABLE stay_a PARTITION OF stay FOR VALUES IN ('a');
CREATE TABLE stay_b PARTITION OF stay FOR VALUES IN ('b');
CREATE TABLE visit (id int PRIMARY KEY, patient int, reason text, at timestamptz DEFAULT '2025-01-01');
CREATE TABLE snapshot (id int, who patient, all_of patient[]);
CREATE TABLE log (line text);
CREATE VIEW v_patient AS SELECT id AS pid, mrn AS ref FROM patient;
CREATE VIEW v_second AS SELECT upper(ref) AS r FROM v_patient;
CREATE VIEW v_visit AS SELECT id, reason FROM visit WHERE id > 0;
CREATE VIEW v_stats AS SELECT tablename, most_common_vals::text AS v FROM pg_stats;
CREATE VIEW v_xml AS SELECT table_to_xml('patient', true, false, '') AS x;
CREATE MATERIALIZED VIEW mv_patient AS SELECT id, mrn AS m FROM patient;
CREATE FUNCTION mrn_of(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT mrn FROM patient WHERE id = $1';
CREATE FUNCTION show_row(patient) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1.mrn';
CREATE FUNCTION lower(varchar) RETURNS text LANGUAGE sql STABLE AS 'SELECT mrn FROM public.patient WHERE id = 1';
CREATE OPERATOR ~~~ (FUNCTION = mrn_of, RIGHTARG = int);
CREATE TYPE pk AS (id int);
CREATE FUNCTION pk_text(pk) RETURNS text LANGUAGE sql STABLE AS 'SELECT mrn FROM patient WHERE id = ($1).id';
CREATE CAST (pk AS text) WITH FUNCTION pk_text(pk);
CREATE AGGREGATE joined(text) (SFUNC = textcat, STYPE = text, INITCOND = '');
CREATE FUNCTION run(text) RETURNS SETOF text LANGUAGE plpgsql AS 'BEGIN RETURN QUERY EXECUTE $1; END';
CREATE INDEX patient_vip ON patient (id) WHERE mrn = 'MRN-77-0001';
CREATE INDEX patient_lower ON patient (lower(mrn));
CREATE STATISTICS patient_st ON (substr(mrn, 1, 6)), (upper(phone)) FROM patient;
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'was %', OLD.mrn; RETURN NEW; END $$;
CREATE TRIGGER audit AFTER UPDATE ON patient FOR EACH ROW EXECUTE FUNCTION audit();
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE NOTICE 'patient %', (SELECT mrn FROM public.patient WHERE id = NEW.patient); RETURN NEW; END $$;
CREATE FUNCTION forbid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'patient % is locked', (SELECT mrn FROM public.patient WHERE id = OLD.patient) USING ERRCODE = '42501'; END $$;
CREATE TABLE appointment (id int PRIMARY KEY, patient int); INSERT INTO appointment VALUES (1, 1);
CREATE TRIGGER tell AFTER INSERT ON appointment FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER forbid BEFORE DELETE ON appointment FOR EACH ROW EXECUTE FUNCTION forbid();
CREATE TABLE late (id int, patient int);
CREATE CONSTRAINT TRIGGER tell AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell();
CREATE FUNCTION echoed(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
  RAISE NOTICE 'for %', (SELECT mrn FROM public.patient WHERE id = 1); RETURN $1; END $$;
CREATE TABLE listed (t text); CREATE INDEX ON listed (echoed(t));
CREATE TABLE defaulting (id int, x text DEFAULT mrn_of(1));
CREATE FUNCTION is_mrn(text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM public.patient WHERE mrn = $1)';
CREATE DOMAIN known_mrn AS text CHECK (VALUE IS NULL OR is_mrn(VALUE));
CREATE TABLE claim (id int, m known_mrn, ms known_mrn[]); INSERT INTO claim (id) VALUES (1);
CREATE FUNCTION mrn_by_name(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT mrn FROM public.patient WHERE id = $1';
CREATE MATERIALIZED VIEW mv_called AS SELECT id, mrn_by_name(patient) AS m FROM visit;
CREATE VIEW v_called AS SELECT m FROM mv_called;
CREATE VIEW v_stats_again AS SELECT v FROM v_stats;
CREATE VIEW v_xml_again AS SELECT x FROM v_xml;
CREATE VIEW v_tables AS SELECT table_name FROM information_schema.tables WHERE table_schema = 'public';
CREATE VIEW v_alike AS SELECT id FROM visit WHERE similarity(reason, 'cold') > 0.5;
INSERT INTO patient VALUES
  (1, 'Ann', 'MRN-77-0001', '+1 555 010', '1970-02-03', 61.5, 'ann@x.test', 'A', 'c1', '{"pin": "9912", "plan": "gold", "deep": {"key": "k-ann"}}', '{"pin": 1}', 'tea', DEFAULT, 1),
  (2, 'Bob', 'MRN-15-0001', '+1 555 020', '1980-05-06', 80.0, 'bob@x.test', 'B', 'c2', '{"pin": "3141", "plan": "free"}', '{"pin": 2}', 'milk', DEFAULT, 2);
INSERT INTO inpatient (id, name, mrn, phone, born, record, bed) VALUES (9, 'Eve', 'MRN-42-0001', '+1 555 090', '1990-09-09', '[{"pin": "1"}]', 7);
INSERT INTO stay VALUES (1, 1, 'a', 'POL-111-X', 10), (2, 2, 'b', 'POL-222-X', 250.5), (3, 1, 'b', 'POL-333-X', 3);
INSERT INTO visit (id, patient, reason) VALUES (10, 1, 'cough'), (11, 1, 'cold'), (12, 2, 'flu');
INSERT INTO snapshot SELECT id, p, ARRAY[p] FROM patient p;
INSERT INTO log VALUES ('nothing');
REFRESH MATERIALIZED VIEW mv_patient; REFRESH MATERIALIZED VIEW mv_called; ANALYZE;
`;

/** Every masked value becomes another one, with what a mask keeps of it: nothing that is shown may differ after it. */
export const otherValuesSql = `
UPDATE patient SET mrn = 'MRN-' || (97 - id * 3) || '-0001', phone = '+9 ' || id || '44 777', born = born + id * 100, weight = 100 - weight,
  contact = 'z' || id || contact, kind = '0', code = overlay(code PLACING '8' FROM 2),
  record = CASE WHEN jsonb_typeof(record) = 'object' THEN record || jsonb_build_object('pin', 'zz' || id) ELSE '[{"pin": "0"}]' END,
  raw = '{"pin": 7}', notes = 'zz';
UPDATE patient SET record = jsonb_set(record, '{deep,key}', '"k-zzz"') WHERE id = 1;
UPDATE stay SET policy = 'POL-9' || id || '9-X';
UPDATE snapshot SET who = p, all_of = ARRAY[p] FROM patient p WHERE p.id = snapshot.id;
REFRESH MATERIALIZED VIEW mv_patient; REFRESH MATERIALIZED VIEW mv_called; ANALYZE;
`;

/** The same rows in the same places, with the values that they had. */
export const sameValuesSql = `
UPDATE patient SET mrn = mrn, phone = phone, born = born, weight = weight, contact = contact, kind = kind, code = code, record = record,
  raw = raw, notes = notes;
UPDATE patient SET record = record WHERE id = 1;
UPDATE stay SET policy = policy;
UPDATE snapshot SET who = p, all_of = ARRAY[p] FROM patient p WHERE p.id = snapshot.id;
REFRESH MATERIALIZED VIEW mv_patient; REFRESH MATERIALIZED VIEW mv_called; ANALYZE;
`;

export const hospitalMasks = `
  - { column: public.patient.mrn, mask: partial, keep: { first: 4, last: 4 } }
  - { column: public.patient.phone, mask: redact }
  - { column: public.patient.born, mask: constant, value: '1900-01-01' }
  - { column: public.patient.weight, mask: redact }
  - { column: public.patient.contact, mask: 'null' }
  - { column: public.patient.kind, mask: redact }
  - { column: public.patient.code, mask: partial, keep: { first: 1 } }
  - { column: public.patient.record, path: [pin], mask: redact }
  - { column: public.patient.record, path: [deep, key], mask: partial, keep: { first: 2 } }
  - { column: public.patient.raw, path: [pin], mask: redact }
  - { column: public.patient.notes, mask: constant, value: 'it''s \\\\ hidden' }
  - { column: public.stay.policy, mask: partial, keep: { last: 2 } }
`;
