import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServiceTokens } from '#identity';
import { ServiceProcess } from '../e2e/service-process.js';
import { freePort } from '../ports.js';

export interface ApiProcess {
  readonly url: string;
  /** With the code that logs one browser in. */
  readonly consoleUrl: string;
  readonly token: (name: string, groups: readonly string[]) => Promise<string>;
  /** Resolves to its exit code. */
  readonly stop: () => Promise<number | null | undefined>;
}

const builtConsole = fileURLToPath(new URL('../../services/console/index.html', import.meta.url));
const consoleCode = 'one-browser-once';

/**
 * The api in a process of its own over a data directory, serving the console as it was built.
 * @param clickhouse on this machine; absent: no ClickHouse answers
 */
export async function startApi(
  dataDir: string,
  clickhouse?: { readonly port: number; readonly password: string },
): Promise<ApiProcess> {
  if (!existsSync(builtConsole)) throw new Error('the console is not built: run `npm run build`');
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-console-'));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const tokens = join(folder, 'tokens.json');
  const port = await freePort();
  const deadClickHouse = await hangUp();
  const config = {
    dataDir,
    tokens: { file: tokens },
    log: { segmentMiB: 1 },
    clickhouse: {
      port: clickhouse?.port ?? deadClickHouse.port,
      password: { file: file('clickhouse', clickhouse?.password ?? 'nobody-asks') },
    },
    api: {
      port,
      roles: { viewer: ['viewers'], approver: ['approvers'], auditor: ['auditors'] },
      consoleCode: { file: file('code', consoleCode) },
    },
  };
  const api = await new ServiceProcess('api', file('sallyport.yml', JSON.stringify(config))).start();
  const serviceTokens = new ServiceTokens(tokens);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    consoleUrl: `${url}/#code=${consoleCode}`,
    token: async (name, groups) =>
      (await serviceTokens.create({ name, groups: [...groups], ttlMs: 3_600_000 }, Date.now())).token,
    stop: async () => {
      const code = await api.end('SIGTERM');
      deadClickHouse.close();
      rmSync(folder, { recursive: true });
      return code;
    },
  };
}

/** A port that stays this test's own, where whoever calls is cut off. */
async function hangUp(): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, close: () => server.close() };
}
