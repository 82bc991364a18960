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
  const proxy = await startService('proxy', file);
  return {
    name: durability,
    env: libpq(port, 'require', token),
    ...(proxy.pid !== undefined && { pid: proxy.pid }),
    dataDir,
    stop: proxy.stop,
  };
}

/** A service as it is run for real. Resolves when it is ready. @throws with what it said when it ends before */
export async function startService(
  name: string,
  config: string,
): Promise<{ readonly pid: number | undefined; readonly stop: () => Promise<void> }> {
  const main = fileURLToPath(new URL(`../../services/${name}/main.js`, import.meta.url));
  const child = fork(main, ['--config', config], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-8_192)));
  const exited = once(child, 'exit').then(() => {
    throw new Error(`the ${name} ended:\n${said}`);
  });
  await Promise.race([once(child, 'message'), exited]);
  exited.catch(() => undefined);
  return {
    pid: child.pid,
    stop: async () => {
      child.kill('SIGTERM');
      await exited.catch(() => undefined);
    },
  };
}
