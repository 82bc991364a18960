import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServiceTokens } from '#identity';
import type { Certificates } from '../tls/certificates.js';
import { database, libpq, type Path } from './path.js';
import { freePort } from './ports.js';

const policy = `roles:
  - { groups: [bench], target: main, databases: [${database.name}], login: ${database.login} }
rules:
  - { name: everything, then: allow }
`;

/** The proxy as it is run for real, its policy aside: it allows everything to the bench. TLS to the client, none upstream. */
export async function startProxy(
  folder: string,
  target: number,
  certificates: Certificates,
  durability: 'strict' | 'buffered',
): Promise<Path> {
  mkdirSync(folder);
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const port = await freePort();
  const dataDir = join(folder, 'data');
  const tokens = join(folder, 'tokens.json');
  const password = { file: file('login', database.password) };
  const config = file(
    'sallyport.yml',
    JSON.stringify({
      dataDir,
      listen: { port, tls: { cert: file('cert.pem', certificates.cert), key: file('key.pem', certificates.key) } },
      targets: [
        {
          name: 'main',
          host: '127.0.0.1',
          port: target,
          databases: [database.name],
          tls: { mode: 'disable' },
          durability,
          logins: [{ name: database.login, password }],
          catalog: { login: database.login },
        },
      ],
      tokens: { file: tokens },
      policy: file('policy.yml', policy),
    }),
  );
  const { token } = await new ServiceTokens(tokens).create(
    { name: database.login, groups: ['bench'], ttlMs: 86_400_000 },
    Date.now(),
  );
  const main = fileURLToPath(new URL('../../services/proxy/main.js', import.meta.url));
  const child = fork(main, ['--config', config], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-8_192)));
  const exited = once(child, 'exit').then(() => {
    throw new Error(`the proxy ended:\n${said}`);
  });
  await Promise.race([once(child, 'message'), exited]);
  exited.catch(() => undefined);
  return {
    name: durability,
    env: libpq(port, 'require', token),
    ...(child.pid !== undefined && { pid: child.pid }),
    dataDir,
    stop: async () => {
      child.kill('SIGTERM');
      await exited.catch(() => undefined);
    },
  };
}
