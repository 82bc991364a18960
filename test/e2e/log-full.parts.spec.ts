import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { describePart, mountable } from '../parts.js';
import { openPolicy } from './policies.js';
import { login, startWorld, type World } from './world.js';

describePart([mountable], 'a log whose disk is full', () => {
  let world: World;
  let disk: string;

  beforeAll(async () => {
    disk = mkdtempSync(join(tmpdir(), 'sallyport-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk]);
    world = await startWorld({
      policy: openPolicy,
      dataDir: join(disk, 'data'),
      segmentMiB: 2,
      initSql: `CREATE TABLE item (id int, pad text); GRANT ALL ON item TO ${login.name}`,
    });
  }, 60_000);
  afterAll(async () => {
    try {
      await world.stop();
    } finally {
      execFileSync('umount', [disk]);
      rmSync(disk, { recursive: true });
    }
  }, 30_000);

  it('refuses with 53100 what it cannot record, lets ROLLBACK pass, and recovers when there is space', async () => {
    const client = await world.connect('bot', await world.token('bot', ['agents']));
    await client.query("INSERT INTO item VALUES (0, 'before')");
    await client.query('BEGIN');
    await client.query("INSERT INTO item VALUES (-1, 'rolled back')");
    const ballast = join(disk, 'ballast');
    fill(disk, ballast);

    const code = await insertUntilRefused(client);
    expect(code).toBe('53100');
    expect((await client.query('ROLLBACK')).command).toBe('ROLLBACK');
    expect(await codeOf(client.query(`INSERT INTO item VALUES (-2, '${'y'.repeat(3_000_000)}')`))).toBe('53100');

    rmSync(ballast);
    await client.query("INSERT INTO item VALUES (1, 'after')");
    const admin = await world.direct();
    expect((await admin.query('SELECT id FROM item ORDER BY id')).rows).toEqual([{ id: 0 }, { id: 1 }]);
    await admin.end();
    await client.end();
  });
});

/** Takes every byte that is left. */
function fill(disk: string, file: string): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(file, Buffer.alloc(bavail * bsize));
}

async function insertUntilRefused(client: pg.Client): Promise<string | undefined> {
  for (let i = 0; i < 100; i++) {
    const code = await codeOf(client.query(`INSERT INTO item VALUES (100, '${'x'.repeat(500_000)}')`));
    if (code !== undefined) return code;
  }
  return undefined;
}

const codeOf = (query: Promise<unknown>): Promise<string | undefined> =>
  query.then(
    () => undefined,
    (error: unknown) => (error as { code: string }).code,
  );
