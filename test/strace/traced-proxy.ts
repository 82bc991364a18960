import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf, strace } from '../parts.js';
import { untilItAnswers } from '../ports.js';
import type { ProxyConfig } from '../proxy-config.js';
import { heldAgainstRecord, startTap } from '../tap/index.js';
import type { Certificates } from '../tls/certificates.js';
import { parseTrace, type SystemCall } from './trace.js';

const traced = 'write,writev,pwrite64,pwritev,sendto,sendmsg,fsync,fdatasync,openat';

/** A proxy under strace, and a tap before it. */
export interface TracedProxy {
  /** Where clients connect to. */
  readonly port: number;
  /** Stops the proxy. @returns all that it asked of the system from its first line on. @throws when something is unaccounted for */
  readonly stop: () => Promise<SystemCall[]>;
}

/** @param root where the build lies: a clone, or a copy of its `dist` */
export async function startTracedProxy(
  root: string,
  folder: string,
  { file, port, dataDir }: ProxyConfig,
  certificates: Certificates,
): Promise<TracedProxy> {
  const trace = join(folder, 'trace');
  const main = join(root, 'dist/services/proxy/main.js');
  const child = spawn(
    pathOf(strace),
    [
      '-f',
      '-yy',
      '-s',
      '1000000',
      '-e',
      `trace=${traced}`,
      '-e',
      'signal=none',
      '-o',
      trace,
      process.execPath,
      main,
      '--config',
      file,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const exited = once(child, 'exit').then(() => {
    throw new Error(`the proxy ended:\n${said}`);
  });
  await Promise.race([untilItAnswers(port), exited]);
  exited.catch(() => undefined);
  const tap = await startTap({ upstream: { host: '127.0.0.1', port }, tls: certificates });
  return {
    port: tap.port,
    stop: async () => {
      const lines = await heldAgainstRecord(tap, dataDir);
      await tap.close();
      // To the group: strace waits for the proxy, which stops in order.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      await exited.catch(() => undefined);
      if (lines.length > 0) throw new Error(lines.join('\n'));
      return parseTrace(readFileSync(trace, 'utf8'));
    },
  };
}
