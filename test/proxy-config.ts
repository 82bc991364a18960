import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceTokens } from '#identity';
import { freePort } from './ports.js';
import type { Certificates } from './tls/certificates.js';

export interface ProxyConfigOptions {
  /** Made, and filled with all that the configuration names. */
  readonly folder: string;
  readonly certificates: Certificates;
  readonly durability: 'strict' | 'buffered';
  /** Without TLS, on this machine. */
  readonly target: { readonly port: number; readonly database: string; readonly login: string; readonly password: string };
}

/** A proxy that allows everything to one user, who is called as the login. */
export interface ProxyConfig {
  readonly file: string;
  readonly port: number;
  readonly dataDir: string;
  /** The user's password. */
  readonly token: string;
}

export async function writeProxyConfig({ folder, certificates, durability, target }: ProxyConfigOptions): Promise<ProxyConfig> {
  mkdirSync(folder);
  const written = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const { database, login, password } = target;
  const port = await freePort();
  const dataDir = join(folder, 'data');
  const tokens = join(folder, 'tokens.json');
  const policy = `roles:
  - { groups: [everyone], target: main, databases: [${database}], login: ${login} }
rules:
  - { name: everything, then: allow }
`;
  const config = {
    dataDir,
    listen: { port, tls: { cert: written('cert.pem', certificates.cert), key: written('key.pem', certificates.key) } },
    targets: [
      {
        name: 'main',
        host: '127.0.0.1',
        port: target.port,
        databases: [database],
        tls: { mode: 'disable' },
        durability,
        logins: [{ name: login, password: { file: written('login', password) } }],
        catalog: { login },
      },
    ],
    tokens: { file: tokens },
    policy: written('policy.yml', policy),
  };
  const { token } = await new ServiceTokens(tokens).create({ name: login, groups: ['everyone'], ttlMs: 86_400_000 }, Date.now());
  return { file: written('sallyport.yml', JSON.stringify(config)), port, dataDir, token };
}
