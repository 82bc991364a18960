import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSegmentLog } from '#event-log';
import { ServiceTokens } from '#identity';
import { writeHeld, writeSessions } from './written-log.js';

const main = fileURLToPath(new URL('../../api/main.js', import.meta.url));
const roles = ['viewer', 'responder', 'approver', 'auditor', 'admin'] as const;

/** The api as a process of its own, over the log that the tests of the command line read, in a folder like that of a running demo. */
export class SpawnedApi {
  private constructor(
    /** Has a `.sallyport/demo.json`. */
    readonly clone: string,
    readonly url: string,
    readonly tokens: Readonly<Record<string, string>>,
    private readonly child: ChildProcess,
  ) {}

  static async start(): Promise<SpawnedApi> {
    const clone = mkdtempSync(path.join(tmpdir(), 'sallyport-cli-api-'));
    const home = path.join(clone, '.sallyport');
    const dataDir = path.join(home, 'data');
    const log = await openSegmentLog({ dir: path.join(dataDir, 'outbox', 'proxy'), segmentBytes: 1 << 20 });
    await writeSessions(log);
    await writeHeld(log);
    await log.close();
    const file = path.join(home, 'tokens.json');
    const tokens: Record<string, string> = {};
    for (const role of roles) {
      const made = await new ServiceTokens(file).create({ name: role, groups: [`${role}s`], ttlMs: 3_600_000 }, Date.now());
      tokens[role] = made.token;
    }
    const port = await freePort();
    writeFileSync(path.join(home, 'secret'), 'unused');
    const config = path.join(home, 'sallyport.yml');
    writeFileSync(
      config,
      JSON.stringify({
        dataDir,
        tokens: { file },
        clickhouse: { port: await freePort(), password: { file: 'secret' } },
        api: { port, roles: Object.fromEntries(roles.map((role) => [role, [`${role}s`]])) },
      }),
    );
    const url = `http://127.0.0.1:${port}`;
    writeFileSync(path.join(home, 'demo.json'), JSON.stringify({ apiUrl: url, dataDir, tokens }));
    const child = fork(main, ['--config', config], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`the api ended with ${String(code)}`);
      }),
    ]);
    return new SpawnedApi(clone, url, tokens, child);
  }

  async stop(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.kill();
    await exit;
    rmSync(this.clone, { recursive: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
