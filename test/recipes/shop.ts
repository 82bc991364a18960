import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Principal } from '#events';
import { login, startWorld, type World } from '../e2e/world.js';

/** The shop that every recipe asks, and what may be asked of it. */
const policy = `version: 1
roles:
  - { name: shop, groups: [agents], target: main, databases: ['*'], login: ${login.name} }
  - { name: reports, groups: ['repo:acme/shop', 'serviceaccount:shop/reports'], target: main, databases: ['*'], login: ${login.name} }
masks:
  - { column: public.customers.ssn, mask: partial, keep: { last: 4 } }
rules:
  - { name: no-definitions, when: { verbs: [DROP TABLE] }, then: deny, reason: tables are changed by migrations }
  - { name: everything-else, when: {}, then: allow }
`;

const initSql = `CREATE TABLE customers (id int PRIMARY KEY, first_name text NOT NULL, ssn text NOT NULL);
  INSERT INTO customers VALUES (1, 'Elif', '536-90-6212'), (2, 'Noor', '412-73-8859');
  CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, cents int NOT NULL);
  INSERT INTO orders (customer_id, cents) VALUES (1, 1999), (1, 500), (2, 4250);
  GRANT SELECT, INSERT, UPDATE, DELETE ON customers, orders TO ${login.name};`;

export const startShop = (issuers: readonly object[] = []): Promise<World> => startWorld({ policy, initSql, issuers });

/** What a client needs to know, in the variables of libpq: as `sallyport connect --format env` prints it, but for who and the token. */
export function placeOf(world: World): Readonly<Record<string, string>> {
  const ca = join(world.dataDir, '..', 'ca.pem');
  writeFileSync(ca, world.certificates.ca);
  const { port } = world.tap;
  return { PGHOST: 'localhost', PGPORT: String(port), PGDATABASE: 'app', PGSSLMODE: 'verify-full', PGSSLROOTCERT: ca };
}

/** It, for someone with a token. */
export const envOf = async (world: World, user = 'billing-bot'): Promise<Readonly<Record<string, string>>> => ({
  ...placeOf(world),
  PGUSER: user,
  PGPASSWORD: await world.token(user, ['agents'], 'agent'),
});

/** Who came, in that order. */
export const principalsOf = async (world: World): Promise<Principal[]> =>
  (await world.record()).events.flatMap((event) => (event.type === 'session.authenticated' ? [event.data.principal] : []));
