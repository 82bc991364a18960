import { copyFile, cp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { FaultyFiles, type Operation, systemError } from './faulty-files.js';
import { nodeFiles } from './files.js';
import { DataDirectory, record } from './outbox-fixture.js';
import { type Head, HeadFile } from './head.js';
import { recover } from './recovery.js';
import { openSegmentLog, type SegmentLog } from './segment-log.js';

const segmentBytes = 16 * 1024;
const first = '0000000001.seg';

let data: DataDirectory;
const open: SegmentLog[] = [];
const faulty = new FaultyFiles();
const reported: Error[] = [];

const openLog = async (over: { dir?: string; lingerMs?: number } = {}): Promise<SegmentLog> => {
  const report = (error: Error) => reported.push(error);
  const log = await openSegmentLog({ dir: data.outbox, segmentBytes, files: faulty.files, report, ...over });
  open.push(log);
  return log;
};

/** The state that a crash at this moment would leave, in a directory of its own. */
const crashed = async (): Promise<DataDirectory> => {
  const copy = await DataDirectory.make();
  // The spare comes and goes in the background; the lock would be this process's own.
  const filter = (file: string) => !/^(spare|lock)/.test(path.basename(file));
  await cp(data.outbox, copy.outbox, { recursive: true, filter });
  return copy;
};

const headOf = async (dir: string): Promise<Head> => {
  const file = await HeadFile.open(nodeFiles, dir);
  const head = await file.read();
  await file.close();
  return head as Head;
};
const setHead = async (dir: string, head: Head): Promise<void> => {
  const file = await HeadFile.open(nodeFiles, dir);
  file.publish(head);
  await file.close();
};

beforeEach(async () => {
  data = await DataDirectory.make();
  faulty.fault = () => undefined;
  faulty.operations.length = reported.length = 0;
});
afterEach(async () => {
  faulty.fault = () => undefined;
  for (const log of open.splice(0)) await log.close();
  await data.remove();
});

/** Fails the operations of a kind on segment files, or on those that match. */
const failing =
  (kind: Operation['kind'], code: string, file = /\.seg$/) =>
  (operation: Operation) =>
    operation.kind === kind && file.test(operation.file) ? systemError(code) : undefined;

describe('opening a segment log', () => {
  it('keeps its id, counts its starts and goes on where it ended', async () => {
    const one = await openLog();
    await one.write([record('1')], 'disk');
    await open.pop()?.close();
    const two = await openLog();
    await two.write([record('2')], 'disk');
    expect([two.log, one.boot, two.boot]).toEqual([one.log, 1, 2]);
    expect(await data.values()).toEqual(['1', '2']);
  });

  it('lets nobody else read its files', async () => {
    await (await openLog()).write([record('1')], 'disk');
    await open.pop()?.close();
    const modes = await Promise.all((await readdir(data.outbox)).map(async (name) => (await stat(data.file(name))).mode & 0o777));
    expect(new Set(modes)).toEqual(new Set([0o600]));
    expect((await stat(data.outbox)).mode & 0o777).toBe(0o700);
  });

  it('refuses a second writer', async () => {
    await openLog();
    await expect(openLog()).rejects.toMatchObject({ name: 'LogLocked', pid: process.pid });
    expect((await readdir(data.outbox)).filter((name) => name.startsWith('lock'))).toEqual(['lock']);
  });

  it.each([
    ['died', JSON.stringify({ pid: 2 ** 22 + 1, born: 'x/1' })],
    ['died, its number being used again', JSON.stringify({ pid: process.pid, born: 'x/1' })],
    ['died while it took the lock', '{"pid":'],
  ])('takes over the lock of a process that %s', async (_, lock) => {
    await openLog();
    await open.pop()?.close();
    await writeFile(data.file('lock'), lock);
    await openLog();
    expect(await readFile(data.file('lock'), 'utf8')).toContain(`"pid":${process.pid}`);
  });

  it('publishes what was whole on disk but not yet published', async () => {
    const log = await openLog();
    await log.write([record('1')], 'disk');
    const behind = await headOf(data.outbox);
    await log.write([record('2')], 'disk');
    const copy = await crashed();
    await setHead(copy.outbox, behind);
    expect(await copy.values()).toEqual(['1']);
    await openLog({ dir: copy.outbox });
    expect(await copy.values()).toEqual(['1', '2']);
    await open.pop()?.close();
    await copy.remove();
  });

  it('cuts a torn last write off, at whatever byte it is torn, and refuses to if that write was known to be on disk', async () => {
    const log = await openLog();
    await log.write([record('1'), record('2')], 'disk');
    const before = await headOf(data.outbox);
    await log.write([record('3'), record('4')], 'disk');
    const after = await headOf(data.outbox);
    const copy = await crashed();
    const whole = await readFile(copy.file(first));
    for (let at = before.published; at < after.published; at++) {
      const torn = Buffer.from(whole).fill(0, at);
      // Pages reach the disk in any order: the other way of being torn is a hole with bytes after it.
      const holed = Buffer.from(whole);
      holed[at] = (holed[at] ?? 0) ^ 0x10;
      for (const content of [torn, holed]) {
        await writeFile(copy.file(first), content);
        await expect(recover(nodeFiles, copy.outbox, after)).rejects.toMatchObject({
          name: 'LogCorrupt',
          file: copy.file(first),
        });
        expect((await recover(nodeFiles, copy.outbox, before)).previous).toEqual({ segment: 1, length: before.published });
      }
    }
    await copyFile(data.file(first), copy.file(first));
    expect((await recover(nodeFiles, copy.outbox, before)).previous).toEqual({ segment: 1, length: after.published });
    await copy.remove();
  });
});

describe('a segment log whose device fails', () => {
  it('writes all of a batch, however short the writes are', async () => {
    const log = await openLog();
    faulty.fault = ({ kind }) => (kind === 'write-through' || kind === 'write' ? 7 : undefined);
    await log.write([record('one'), record('two')], 'disk');
    await log.write([record('three')], 'file');
    expect(await data.values()).toEqual(['one', 'two', 'three']);
  });

  it.each([
    ['a write', 'write-through', /\.seg$/],
    ['publishing', 'write-now', /head$/],
  ] as const)('goes on in a new segment after %s failed, and never shows what failed', async (_, kind, file) => {
    const log = await openLog();
    await log.write([record('1')], 'disk');
    faulty.fault = failing(kind, 'EIO', file);
    await expect(log.write([record('failed')], 'disk')).rejects.toMatchObject({ name: 'LogFailed', sqlstate: '58030' });
    expect(await data.values()).toEqual(['1']);
    faulty.fault = () => undefined;
    faulty.operations.length = 0;
    await log.write([record('2')], 'disk');
    expect(await data.values()).toEqual(['1', '2']);
    expect(faulty.operations.filter((o) => path.basename(o.file) === first)).toEqual([]);
  });

  it('hides a write whose sync failed, also after a crash that leaves all of it in the file', async () => {
    const log = await openLog({ lingerMs: 60_000 });
    await log.write([record('1')], 'file');
    faulty.fault = failing('datasync', 'EIO');
    await expect(log.write([record('failed')], 'disk')).rejects.toMatchObject({ name: 'LogFailed' });
    expect((await readFile(data.file(first))).includes('failed')).toBe(true);
    faulty.fault = () => undefined;

    const copy = await crashed();
    const again = await openLog({ dir: copy.outbox });
    await again.write([record('2')], 'disk');
    expect(await copy.values()).toEqual(['1', '2']);
    await open.pop()?.close();
    await copy.remove();

    faulty.operations.length = 0;
    await log.write([record('3')], 'disk');
    expect(await data.values()).toEqual(['1', '3']);
    expect(faulty.operations.filter((o) => path.basename(o.file) === first)).toEqual([]);
  });

  it('reports a sync that failed in the background, and goes on in a new segment with nothing lost', async () => {
    const log = await openLog({ lingerMs: 1 });
    const failed = new Promise<void>((resolve) => {
      faulty.fault = (operation) => {
        const fault = failing('datasync', 'EIO')(operation);
        if (fault) setImmediate(resolve);
        return fault;
      };
    });
    await log.write([record('1')], 'file');
    await failed;
    faulty.fault = () => undefined;
    await log.write([record('2')], 'disk');
    expect(await data.values()).toEqual(['1', '2']);
    expect(reported.map(({ message }) => message)).toEqual(['EIO']);
    expect((await headOf(data.outbox)).segment).toBe(2);
  });

  it.each([
    ['space', 'ENOSPC'],
    ['quota', 'EDQUOT'],
  ])('says that there is no %s, and goes on when there is', async (_, code) => {
    const log = await openLog();
    faulty.fault = failing('write', code, /spare\.new$/);
    const outcomes: unknown[] = [];
    // Each takes a segment, the first of them perhaps the spare of before.
    for (let i = 0; i < 3; i++)
      outcomes.push(await log.write([record('x'.repeat(15_000))], 'disk').catch((error: unknown) => error));
    expect(outcomes.at(-1)).toMatchObject({ name: 'LogFull', sqlstate: '53100' });
    expect((await data.values()).length).toBe(outcomes.filter((outcome) => outcome === undefined).length);
    faulty.fault = () => undefined;
    await log.write([record('after')], 'disk');
    expect((await data.values()).at(-1)).toBe('after');
  });

  it('asks for space before it prepares a segment', async () => {
    faulty.fault = failing('free-bytes', 'EIO', /./);
    await expect(openLog()).rejects.toMatchObject({ name: 'LogFailed' });
    faulty.fault = () => undefined;
    await (await openLog()).write([record('1')], 'disk');
    expect(await data.values()).toEqual(['1']);
  });

  it.each([
    ['put in place', failing('sync-directory', 'EIO', /./)],
    ['published', failing('write-now', 'EIO', /head$/)],
  ])('gives a segment that could not be %s its number a second time', async (_, fault) => {
    const log = await openLog();
    const full = record('x'.repeat(9000));
    await log.write([full], 'disk');
    faulty.fault = fault;
    await expect(log.write([full], 'disk')).rejects.toMatchObject({ name: 'LogFailed' });
    faulty.fault = () => undefined;
    await log.write([record('2')], 'disk');
    expect((await data.values()).length).toBe(2);
    expect(await headOf(data.outbox)).toMatchObject({ segment: 2 });
  });
});

describe('the order in which a segment log works', () => {
  const kinds = () => faulty.operations.filter(({ file }) => /seg$|head$/.test(file)).map(({ kind }) => kind);

  it('writes through, then publishes, then says so', async () => {
    const log = await openLog();
    faulty.operations.length = 0;
    await log.write([record('1')], 'disk');
    expect(kinds()).toEqual(['write-through', 'write-now']);
  });

  it('syncs all when earlier writes are still on their way', async () => {
    const log = await openLog({ lingerMs: 60_000 });
    faulty.operations.length = 0;
    await log.write([record('1')], 'file');
    await log.write([record('2')], 'disk');
    await log.write([record('3')], 'disk');
    expect(kinds()).toEqual(['write-now', 'write-now', 'write', 'datasync', 'write-now', 'write-through', 'write-now']);
  });

  it('refuses a record that it cannot hold, and goes on in the same segment', async () => {
    const log = await openLog();
    await expect(log.write([{ ...record('1'), key: 'k'.repeat(256) }], 'disk')).rejects.toThrow(RangeError);
    await log.write([record('2')], 'disk');
    expect(await data.values()).toEqual(['2']);
    expect(await headOf(data.outbox)).toMatchObject({ segment: 1 });
  });

  it('takes one write at a time', async () => {
    const log = await openLog();
    const writing = log.write([record('1')], 'disk');
    await expect(log.write([record('2')], 'disk')).rejects.toThrow('one write at a time');
    await writing;
  });
});
