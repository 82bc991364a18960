import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { stringify } from 'yaml';
import { compile, defaultPolicy } from '#policy';
import { loadConfig } from '#runtime';
import { replaceFile, secretFile, serverCertificate } from '#secrets';
import { Failure } from '../failure.js';
import type { Answers, Certificate } from './answers.js';

/** The file of the secrets that logs the first browser in. */
export const consoleCode = 'console.code';

/** What `init` writes, in absolute paths. */
export interface Places {
  readonly config: string;
  readonly policy: string;
  /** The folder of the secrets, 0700; what is in it is 0600. */
  readonly secrets: string;
}

export function placesOf(out: string): Places {
  const config = resolve(out);
  const folder = dirname(config);
  return { config, policy: join(folder, 'policy.yml'), secrets: join(folder, '.sallyport', 'secrets') };
}

/** @throws Failure when something is there already: nothing of it may be lost */
export function checkUnused(places: Places): void {
  const { config, policy, secrets } = places;
  const there = [config, policy, secrets].filter((path) => existsSync(path));
  if (there.length === 0) return;
  throw new Failure('failed', {
    what: 'Nothing was written',
    why: `there is already ${there.join(' and ')}`,
    todo: 'Name another folder: --out <folder>/sallyport.yml; or move away what is there.',
  });
}

/** Writes the files, the configuration last, and reads them as the services will. @returns the certificate that clients trust */
export async function writeFiles(places: Places, answers: Answers): Promise<{ readonly ca: string | undefined }> {
  const { secrets } = places;
  mkdirSync(secrets, { recursive: true, mode: 0o700 });
  const { login, catalog } = answers;
  replaceFile(join(secrets, 'login.password'), `${login.password}\n`);
  if (catalog.name !== login.name) replaceFile(join(secrets, 'catalog.password'), `${catalog.password}\n`);
  secretFile(secrets, 'clickhouse.password');
  secretFile(secrets, consoleCode);
  const tls = await certificateFiles(secrets, answers.certificate);
  replaceFile(places.policy, policyText(answers));
  replaceFile(places.config, configText(places, answers, tls));
  loadConfig(places.config, 'standalone', {});
  return { ca: 'ca' in tls ? tls.ca : undefined };
}

async function certificateFiles(secrets: string, certificate: Certificate): Promise<{ cert: string; key: string; ca?: string }> {
  if (certificate.kind === 'made') return serverCertificate(secrets, Date.now(), certificate.names);
  return { cert: resolve(certificate.cert), key: resolve(certificate.key) };
}

function policyText({ groups, approvers, server, login }: Answers): string {
  const text = defaultPolicy(
    [{ groups: [...groups], target: 'main', databases: [...server.databases], login: login.name }],
    approvers,
  );
  const compiled = compile(text, 'policy.yml');
  if ('problems' in compiled)
    throw new Error(`the policy that is to be written has problems: ${JSON.stringify(compiled.problems)}`);
  return text;
}

function configText({ config, policy, secrets }: Places, answers: Answers, tls: { cert: string; key: string }): string {
  const { server, login, catalog, tokens, approvers, listening } = answers;
  const folder = dirname(config);
  const beside = (path: string): string => (path.startsWith(`${folder}/`) ? relative(folder, path) : path);
  const secret = (name: string): { file: string } => ({ file: beside(join(secrets, name)) });
  const { ca } = server.tls;
  const logins = [
    { name: login.name, password: secret('login.password') },
    ...(catalog.name === login.name ? [] : [{ name: catalog.name, password: secret('catalog.password') }]),
  ];
  const written = {
    dataDir: '.sallyport/data',
    listen: { host: listening.host, port: listening.proxy, tls: { cert: beside(tls.cert), key: beside(tls.key) } },
    targets: [
      {
        name: 'main',
        ...{ host: server.host, port: server.port, databases: [...server.databases] },
        tls: { mode: server.tls.mode, ...(ca !== undefined && { ca: resolve(ca) }) },
        ...(server.untested && { untested: true }),
        logins,
        catalog: { login: catalog.name },
      },
    ],
    ...(tokens.kind === 'issuer'
      ? { issuers: [{ issuer: tokens.issuer, audience: tokens.audience }] }
      : { tokens: secret('tokens.json') }),
    policy: beside(policy),
    clickhouse: { port: listening.clickhouse, password: secret('clickhouse.password') },
    api: {
      host: listening.host,
      port: listening.api,
      roles: {
        ...{ viewer: ['viewers'], responder: ['responders'], approver: [...approvers] },
        ...{ auditor: ['auditors'], admin: ['admins'] },
      },
      consoleCode: secret(consoleCode),
    },
  };
  return `# Written by \`sallyport init\`. docs/configuration.md explains every key.\n${stringify(written)}`;
}
