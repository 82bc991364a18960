import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describePart, pgbench, pgbouncer } from '../parts.js';
import type { Line, Once } from './report.js';

const built = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

describePart([pgbench, pgbouncer], 'npm run bench', () => {
  it('measures every path, and finds none at less than half of its floor', async () => {
    const args = ['--seconds', '2', '--rounds', '3', '--scale', '1', '--only', 'select,once', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, [built('./main.js'), ...args]);
    const { lines, once } = JSON.parse(stdout) as { lines: Line[]; once: Once[] };
    const proxied = existsSync(built('../../services/proxy/main.js')) ? ['buffered', 'strict'] : [];
    const paths = ['direct', 'direct, TLS', 'PgBouncer', ...proxied];
    expect(lines.map(({ workload, path, tps }) => [workload, path, tps > 0])).toEqual(
      ['select-only, 1 client', 'select-only, 32 clients'].flatMap((workload) => paths.map((path) => [workload, path, true])),
    );
    // The floor is 0.4 of PgBouncer for `buffered`: half of it is what a busy machine has to show.
    expect(
      lines.flatMap(({ workload, path, toPgbouncer = 0 }) =>
        path === 'buffered' && toPgbouncer < 0.2 ? [[workload, toPgbouncer]] : [],
      ),
    ).toEqual([]);
    expect(once.map(({ path, connectMs, keptBytes }) => [path, connectMs > 0, keptBytes !== undefined])).toEqual(
      paths.map((path) => [path, true, proxied.includes(path)]),
    );
  }, 480_000);
});
