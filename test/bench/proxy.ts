import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { writeProxyConfig } from '../proxy-config.js';
import type { Certificates } from '../tls/certificates.js';
import { database, libpq, type Path } from './path.js';

/** The proxy as it is run for real, its policy aside: it allows everything to the bench. TLS to the client, none upstream. */
export async function startProxy(
  folder: string,
  target: number,
  certificates: Certificates,
  durability: 'strict' | 'buffered',
): Promise<Path> {
  const { file, port, dataDir, token } = await writeProxyConfig({
    folder,
    certificates,
    durability,
    target: { port: target, database: database.name, login: database.login, password: database.password },
  });
  const main = fileURLToPath(new URL('../../services/proxy/main.js', import.meta.url));
  const child = fork(main, ['--config', file], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
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
