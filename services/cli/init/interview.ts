import { existsSync } from 'node:fs';
import type { Answers, Certificate, Listening, Login, Server, TlsMode, TokensOf } from './answers.js';
import { tlsModes } from './answers.js';
import type { Asking, Question } from './asking.js';
import { checkCertificate, checkIssuer, checkListening, freePort } from './checks.js';
import { checkCatalog, checkLogin } from './postgres-checks.js';

/** What was given before anybody is asked: options, and passwords from files or the environment. */
export interface Given {
  readonly host?: string;
  readonly port?: string;
  readonly database?: string;
  readonly targetTls?: string;
  readonly targetCa?: string;
  readonly untested?: true;
  readonly login?: string;
  readonly loginPassword?: string;
  readonly catalogLogin?: string;
  readonly catalogPassword?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly groups?: string;
  readonly approvers?: string;
  readonly listen?: string;
  readonly proxyPort?: string;
  readonly apiPort?: string;
  readonly clickhousePort?: string;
  readonly hostname?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Asks for everything, in the order in which one answer needs another, and checks each. */
export async function interview(asking: Asking, given: Given): Promise<Answers> {
  const { server, login } = await asking.settled(
    async (before: { server: Server; login: Login } | undefined) => {
      const server = await serverOf(asking, given, before?.server);
      return { server, login: await loginOf(asking, given, before?.login) };
    },
    (answer) => checkLogin(answer.server, answer.login),
  );
  const catalog = await asking.settled(
    (before: Login | undefined) => catalogOf(asking, given, login, before),
    (answer) => checkCatalog(server, answer),
  );
  const tokens = await asking.settled((before: TokensOf | undefined) => tokensOf(asking, given, before), checkIssuer);
  const groups = listOf(
    await asking.text({
      text: 'Groups that may work on it',
      option: '--groups',
      fallback: given.groups ?? 'agents',
      objection: noList,
    }),
  );
  const approvers = listOf(
    await asking.text({
      text: 'Groups that approve what is held',
      option: '--approvers',
      fallback: given.approvers ?? 'approvers',
      objection: noList,
    }),
  );
  const listening = await asking.settled((before: Listening | undefined) => listeningOf(asking, given, before), checkListening);
  const certificate = await asking.settled(
    (before: Certificate | undefined) => certificateOf(asking, given, listening, before),
    (answer) => Promise.resolve(checkCertificate(answer)),
  );
  return { server, login, catalog, tokens, groups, approvers, listening, certificate };
}

async function serverOf(asking: Asking, given: Given, before: Server | undefined): Promise<Server> {
  const host = await asking.text({
    text: 'Where Postgres listens: host',
    option: '--host',
    fallback: before?.host ?? given.host ?? '127.0.0.1',
  });
  const port = await portOf(asking, { text: 'port', option: '--port', fallback: String(before?.port ?? given.port ?? 5432) });
  const databases = await asking.text({
    text: 'Databases that may be reached, with commas',
    option: '--database',
    fallback: before?.databases.join(',') ?? given.database,
    objection: noList,
  });
  const mode = await asking.text({
    text: `How to connect to it (${tlsModes.join(', ')})`,
    option: '--target-tls',
    fallback: before?.tls.mode ?? given.targetTls ?? (isLoopback(host) ? 'prefer' : 'verify-full'),
    objection: (answer) => (isTlsMode(answer) ? undefined : `is one of ${tlsModes.join(', ')}`),
  });
  const needsCa = mode === 'verify-ca' || mode === 'verify-full';
  const ca = needsCa
    ? await asking.text({
        text: "The authority of its certificate, a PEM file (empty: the system's)",
        option: '--target-ca',
        fallback: before?.tls.ca ?? given.targetCa ?? '',
        objection: noFile,
      })
    : '';
  return {
    host,
    port,
    databases: listOf(databases),
    tls: { mode: mode as TlsMode, ...(ca !== '' && { ca }) },
    untested: given.untested === true,
  };
}

async function loginOf(asking: Asking, given: Given, before: Login | undefined): Promise<Login> {
  const name = await asking.text({
    text: 'The role that sessions run as',
    option: '--login',
    fallback: before?.name ?? given.login,
  });
  const password = await asking.secret({
    text: 'Its password',
    option: 'SALLYPORT_LOGIN_PASSWORD or --login-password-file',
    given: before?.password ?? given.loginPassword,
  });
  return { name, password };
}

/** The catalog may be read by the same login; one of its own needs no right on any table. */
async function catalogOf(asking: Asking, given: Given, login: Login, before: Login | undefined): Promise<Login> {
  const name = await asking.text({
    text: 'The role that reads the catalog',
    option: '--catalog-login',
    fallback: before?.name ?? given.catalogLogin ?? login.name,
  });
  if (name === login.name) return login;
  const password = await asking.secret({
    text: 'Its password',
    option: 'SALLYPORT_CATALOG_PASSWORD or --catalog-password-file',
    given: before?.password ?? given.catalogPassword,
  });
  return { name, password };
}

async function tokensOf(asking: Asking, given: Given, before: TokensOf | undefined): Promise<TokensOf> {
  const issuer = await asking.text({
    text: 'Issuer of access tokens (none: service tokens, made here)',
    option: '--issuer',
    fallback: before?.kind === 'issuer' ? before.issuer : (given.issuer ?? 'none'),
  });
  if (issuer === 'none') return { kind: 'sallyport' };
  const audience = await asking.text({
    text: 'The audience that its tokens name',
    option: '--audience',
    fallback: before?.kind === 'issuer' ? before.audience : (given.audience ?? 'sallyport'),
  });
  return { kind: 'issuer', issuer, audience };
}

async function listeningOf(asking: Asking, given: Given, before: Listening | undefined): Promise<Listening> {
  const host = await asking.text({
    text: 'The address that Sallyport listens on',
    option: '--listen',
    fallback: before?.host ?? given.listen ?? '127.0.0.1',
  });
  const proxy = await portOf(asking, {
    text: 'port of the proxy',
    option: '--proxy-port',
    fallback: given.proxyPort ?? String(await freePort(host, 6432, [])),
  });
  const api = await portOf(asking, {
    text: 'port of the api',
    option: '--api-port',
    fallback: given.apiPort ?? String(await freePort(host, 8080, [proxy])),
  });
  const clickhouse = await portOf(asking, {
    text: 'port of the embedded ClickHouse, on this machine only',
    option: '--clickhouse-port',
    fallback: given.clickhousePort ?? String(await freePort('127.0.0.1', 8123, [proxy, api])),
  });
  return { host, proxy, api, clickhouse };
}

async function certificateOf(
  asking: Asking,
  given: Given,
  { host }: Listening,
  before: Certificate | undefined,
): Promise<Certificate> {
  const cert = await asking.text({
    text: 'TLS certificate of the proxy, a PEM file (none: one is made)',
    option: '--cert',
    fallback: before?.kind === 'given' ? before.cert : (given.cert ?? 'none'),
    objection: (answer) => (answer === 'none' ? undefined : noFile(answer)),
  });
  if (cert !== 'none') {
    const key = await asking.text({ text: 'Its key, a PEM file', option: '--key', fallback: given.key, objection: noFile });
    return { kind: 'given', cert, key };
  }
  const names = await asking.text({
    text: 'Names by which clients reach it, beside localhost',
    option: '--hostname',
    fallback: given.hostname ?? (isLoopback(host) || isAny(host) ? 'none' : host),
  });
  return { kind: 'made', names: names === 'none' ? [] : listOf(names) };
}

async function portOf(asking: Asking, question: Omit<Question, 'objection'>): Promise<number> {
  const objection = (answer: string): string | undefined =>
    /^\d{1,5}$/.test(answer) && Number(answer) >= 1 && Number(answer) <= 65_535 ? undefined : 'is a number from 1 to 65535';
  return Number(await asking.text({ ...question, objection }));
}

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
const noList = (text: string): string | undefined => (listOf(text).length === 0 ? 'has to name at least one' : undefined);
const noFile = (path: string): string | undefined =>
  path === '' || existsSync(path) ? undefined : 'is a file that is not there';
const isTlsMode = (text: string): text is TlsMode => (tlsModes as readonly string[]).includes(text);
const isLoopback = (host: string): boolean => ['localhost', '127.0.0.1', '::1'].includes(host);
const isAny = (host: string): boolean => ['0.0.0.0', '::'].includes(host);
