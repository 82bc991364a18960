import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf, pgbouncer } from '../parts.js';
import { serverAccount } from '../postgres/binaries.js';
import type { Certificates } from '../tls/certificates.js';
import { database, libpq, type Path } from './path.js';
import { freePort, untilItAnswers } from '../ports.js';

/** PgBouncer in session mode: what a client gets of it is nearest to what it gets of the proxy. TLS to the client, none upstream. */
export async function startPgbouncer(folder: string, target: number, certificates: Certificates): Promise<Path> {
  const port = await freePort();
  const log = join(folder, 'pgbouncer.log');
  const files = {
    'pgbouncer.ini': `[databases]
${database.name} = host=127.0.0.1 port=${target} user=${database.login} password=${database.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
logfile = ${log}
auth_type = plain
auth_file = ${join(folder, 'users.txt')}
pool_mode = session
default_pool_size = 40
max_client_conn = 100
client_tls_sslmode = require
client_tls_cert_file = ${join(folder, 'cert.pem')}
client_tls_key_file = ${join(folder, 'key.pem')}
`,
    'users.txt': `"${database.login}" "${database.password}"\n`,
    'cert.pem': certificates.cert,
    'key.pem': certificates.key,
  };
  const account = serverAccount(); // it refuses to run as root
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    if (account) chownSync(join(folder, name), account.uid, account.gid);
  }
  chmodSync(folder, 0o700);
  if (account) chownSync(folder, account.uid, account.gid);
  const child = spawn(pathOf(pgbouncer), ['--quiet', join(folder, 'pgbouncer.ini')], {
    ...account,
    cwd: folder,
    stdio: 'ignore',
  });
  const exited = once(child, 'exit').then(() => {
    throw new Error(`PgBouncer ended: ${readFileSync(log, 'utf8')}`);
  });
  await Promise.race([untilItAnswers(port), exited]);
  exited.catch(() => undefined);
  return {
    name: 'PgBouncer',
    env: libpq(port, 'require'),
    ...(child.pid !== undefined && { pid: child.pid }),
    stop: async () => {
      child.kill('SIGINT');
      await exited.catch(() => undefined);
    },
  };
}
