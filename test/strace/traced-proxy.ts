import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf, strace } from '../parts.js';
import { untilItAnswers } from '../ports.js';
import type { ProxyConfig } from '../proxy-config.js';
import { parseTrace, type SystemCall } from './trace.js';

const traced = 'write,writev,pwrite64,pwritev,sendto,sendmsg,fsync,fdatasync,openat';

export interface TracedProxy {
  /** Stops the proxy. @returns all that it asked of the system from its first line on */
  readonly stop: () => Promise<SystemCall[]>;
}

/** @param root where the build lies: a clone, or a copy of its `dist` */
export async function startTracedProxy(root: string, folder: string, { file, port }: ProxyConfig): Promise<TracedProxy> {
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
  return {
    stop: async () => {
      // To the group: strace waits for the proxy, which stops in order.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      await exited.catch(() => undefined);
      return parseTrace(readFileSync(trace, 'utf8'));
    },
  };
}
