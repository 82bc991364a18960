import { readFileSync } from 'node:fs';
import { type ConnectOptions, type Fault, PgClient, QueryFailed, ServerRefused, TlsRefused, Unreachable } from '#pgwire';
import { CatalogReader, MalformedCatalog } from '#sql';
import type { Login, Server } from './answers.js';
import { allOf, fine, type Finding, problem } from './finding.js';

const connectTimeoutMs = 10_000;

/** Whether the login gets in to each database, by the TLS that was asked for, to a server that Sallyport knows. */
export async function checkLogin(server: Server, login: Login): Promise<Finding> {
  return allOf(await Promise.all(server.databases.map((database) => onDatabase(server, login, database, look))));
}

/** Whether the login can read the catalog of each database: every statement is decided on it. */
export async function checkCatalog(server: Server, login: Login): Promise<Finding> {
  return allOf(await Promise.all(server.databases.map((database) => onDatabase(server, login, database, readCatalog))));
}

type Visit = (client: PgClient, server: Server, database: string) => Promise<Finding>;

async function onDatabase(server: Server, login: Login, database: string, visit: Visit): Promise<Finding> {
  let client: PgClient | undefined;
  try {
    client = await PgClient.connect(optionsOf(server, login, database));
    return await visit(client, server, database);
  } catch (error) {
    return refusedBy(error, server, login, database);
  } finally {
    await client?.close();
  }
}

function optionsOf({ host, port, tls: { mode, ca } }: Server, { name, password }: Login, database: string): ConnectOptions {
  return {
    host,
    port,
    tls: { mode, ...(ca !== undefined && { ca: readFileSync(ca) }) },
    user: name,
    password,
    database,
    connectTimeoutMs,
    parameters: { application_name: 'sallyport init' },
  };
}

async function look(client: PgClient, server: Server, database: string): Promise<Finding> {
  const { parameters, serverVersion } = client;
  const major = Number.parseInt(serverVersion, 10);
  if (!(major >= 15 && major <= 18) && !server.untested)
    return problem(
      `the server is Postgres ${serverVersion}; 15 to 18 are tested`,
      'Use one of these, or say --untested to go on all the same.',
    );
  if (parameters.get('standard_conforming_strings') !== 'on')
    return problem(
      'the server has standard_conforming_strings off: no statement could be decided',
      'Switch it on, at least for this login: ALTER ROLE … SET standard_conforming_strings = on.',
    );
  const { rows } = await client.query('SELECT ssl::text, version, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
  const [ssl, protocol] = rows[0] ?? [];
  const encryption = ssl === 'true' ? `over ${protocol ?? 'TLS'}` : 'unencrypted';
  const superuser =
    parameters.get('is_superuser') === 'on'
      ? '; it is a superuser, so the policy is the only fence: a lesser login is safer'
      : '';
  return fine(`Postgres ${serverVersion}, database ${database}, ${encryption}${superuser}`);
}

async function readCatalog(client: PgClient, _: Server, database: string): Promise<Finding> {
  const { snapshot } = await new CatalogReader(async (sql) => (await client.query(sql)).rows).read();
  return fine(`the catalog of ${database} can be read: ${snapshot.relations.length} relations`);
}

function refusedBy(error: unknown, { host, port, tls }: Server, { name }: Login, database: string): Finding {
  if (error instanceof Unreachable)
    return problem(error.message, `Is Postgres there, and may this machine reach ${host}:${port}?`);
  if (error instanceof TlsRefused)
    return problem(
      `${error.message} (TLS mode ${tls.mode})`,
      'Name the authority of its certificate (--target-ca), or another mode (--target-tls).',
    );
  if (error instanceof ServerRefused)
    return problem(`the server says: ${error.fault.message}`, hintFor(error.fault, name, database));
  if (error instanceof QueryFailed || error instanceof MalformedCatalog)
    return problem(
      `${name} cannot read what is needed of ${database}: ${error.message}`,
      'It needs no right but CONNECT and the usual catalog.',
    );
  if (
    error instanceof Error &&
    ['PasswordMissing', 'ScramFailed', 'AuthenticationUnsupported', 'ConnectionLost'].includes(error.name)
  )
    return problem(
      `${name} does not get in: ${error.message}`,
      'Check its password, and the method that pg_hba.conf asks of it.',
    );
  throw error;
}

function hintFor({ code }: Fault, name: string, database: string): string {
  switch (code) {
    case '28P01':
      return `Check the name and the password of ${name}.`;
    case '28000':
      return `Does the server have a role ${name} that may log in, and does its pg_hba.conf let this machine in?`;
    case '3D000':
      return 'Name a database that is there.';
    case '42501':
      return `GRANT CONNECT ON DATABASE ${database} TO ${name};`;
    default:
      return 'The server decides this: see its own log.';
  }
}
