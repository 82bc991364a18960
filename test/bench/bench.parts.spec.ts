import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describePart, pgbench, pgbouncer } from '../parts.js';
import type { Kept, Line } from './report.js';

const built = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

describePart([pgbench, pgbouncer], 'npm run bench', () => {
  it('measures every path, in a run of seconds', async () => {
    const args = ['--seconds', '1', '--rounds', '1', '--scale', '1', '--only', 'select,kept', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, [built('./main.js'), ...args]);
    const { lines, kept } = JSON.parse(stdout) as { lines: Line[]; kept: Kept[] };
    const proxied = existsSync(built('../../services/proxy/main.js')) ? ['buffered', 'strict'] : [];
    const paths = ['direct', 'direct, TLS', 'PgBouncer', ...proxied];
    expect(lines.map(({ workload, path, tps }) => [workload, path, tps > 0])).toEqual(
      ['select-only, 1 client', 'select-only, 32 clients'].flatMap((workload) => paths.map((path) => [workload, path, true])),
    );
    expect(kept.map(({ path, workload, bytesPerStatement }) => [path, workload, bytesPerStatement > 0])).toEqual(
      proxied.flatMap((path) => ['select-only, 1 client', 'TPC-B, 1 client'].map((workload) => [path, workload, true])),
    );
  }, 120_000);
});
