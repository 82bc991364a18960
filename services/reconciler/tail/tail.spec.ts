import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logger } from '#runtime';
import { type Taken, Tail, type TailedRecord } from './tail.js';

const lines: string[] = [];
const log = logger('test', { write: (line) => lines.push(line) });

describe('a tail', () => {
  let directory: string;
  /** What is on record, in order, and how far each file is by that. */
  let recorded: TailedRecord[];
  let tail: Tail;
  let n: number;

  const restart = async (): Promise<void> => {
    await (tail as Tail | undefined)?.close();
    const positions = new Map<string, Taken>();
    for (const { observed } of recorded) positions.set(observed.head, { to: observed.to, time: observed.time });
    tail = new Tail({
      ...{ target: 'main', place: { path: directory, format: 'auto' }, positions, log },
      write: (records) => {
        recorded.push(...records);
        return Promise.resolve();
      },
    });
  };
  const file = (name: string): string => join(directory, name);
  /** The next record of the server, which no other is like. */
  const record = (): string => {
    const fields = { timestamp: '2026-11-25 04:15:11.181 UTC', pid: 7, line_num: n++, error_severity: 'LOG', message: 'm' };
    return `${JSON.stringify({ ...fields, detail: 'x'.repeat((n * 37) % 200) })}\n`;
  };
  const append = (name: string, records = 1): string => {
    const text = Array.from({ length: records }, record).join('');
    appendFileSync(file(name), text);
    return text;
  };
  const numbers = (): number[] => recorded.map(({ observed }) => observed.line ?? -1);
  const upTo = (end: number): number[] => Array.from({ length: end }, (_, i) => i);

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'tail-'));
    recorded = [];
    n = 0;
    lines.length = 0;
    await restart();
  });
  afterEach(async () => {
    await tail.close();
    rmSync(directory, { recursive: true });
  });

  it('takes a record when its newline has come', async () => {
    const [one, two] = [record(), record()];
    writeFileSync(file('a.json'), one + two.slice(0, 30));
    await tail.pass();
    await restart();
    await tail.pass();
    expect(numbers()).toEqual([0]);
    appendFileSync(file('a.json'), two.slice(30));
    await tail.pass();
    expect(numbers()).toEqual([0, 1]);
    expect(recorded.map(({ observed, bytes }) => [observed.from, observed.to, bytes?.toString()])).toEqual([
      [0, one.length, one],
      [one.length, one.length + two.length, two],
    ]);
  });

  it('goes on with a file that was renamed, also to a name that it would not have looked at', async () => {
    append('a.json', 3);
    await tail.pass();
    renameSync(file('a.json'), join(directory, '..', `gone-${process.pid}`));
    appendFileSync(join(directory, '..', `gone-${process.pid}`), record());
    append('a.json', 2);
    await tail.pass();
    rmSync(join(directory, '..', `gone-${process.pid}`));
    expect(numbers()).toEqual(upTo(6));
  });

  it('reads what it had not read yet of a file that was copied and truncated in the copy', async () => {
    append('a.json', 3);
    await tail.pass();
    append('a.json', 2);
    copyFileSync(file('a.json'), file('a.json.1'));
    truncateSync(file('a.json'));
    append('a.json', 50);
    await tail.pass();
    expect(numbers().sort((a, b) => a - b)).toEqual(upTo(55));
  });

  it('takes a file under a name that was used before for a new one, whether it is shorter or longer than that', async () => {
    append('Mon.json', 5);
    await tail.pass();
    for (const records of [2, 30]) {
      writeFileSync(file('Mon.json'), '');
      append('Mon.json', records);
      await tail.pass();
    }
    expect(numbers()).toEqual(upTo(37));
  });

  it('goes on when a file vanishes, or cannot be read, which it says once', async () => {
    append('a.json', 1);
    mkdirSync(file('directory.json'));
    await tail.pass();
    unlinkSync(file('a.json'));
    await tail.pass();
    rmSync(directory, { recursive: true });
    await tail.pass();
    await tail.pass();
    expect(tail.unreadable).toEqual([directory]);
    expect(lines.filter((line) => line.includes('cannot be read'))).toHaveLength(1);
    mkdirSync(directory);
    append('b.json', 1);
    await tail.pass();
    expect([numbers(), tail.unreadable]).toEqual([upTo(2), []]);
  });

  it('reads again what could not be put on record', async () => {
    append('a.json', 3);
    const failing = new Tail({
      ...{ target: 'main', place: { path: directory, format: 'auto' }, positions: new Map(), log },
      write: (records) => {
        if (recorded.length === 0 && !lines.includes('failed')) {
          lines.push('failed');
          return Promise.reject(new Error('no space'));
        }
        recorded.push(...records);
        return Promise.resolve();
      },
    });
    await expect(failing.pass()).rejects.toThrow('no space');
    await failing.pass();
    await failing.close();
    expect(numbers()).toEqual(upTo(3));
  });

  it('reads one of the two formats of a server that writes both, and no packed file', async () => {
    append('a.json', 1);
    writeFileSync(file('a.csv'), '2026-11-25 04:15:11.181 UTC,,,7,,,9,,,,,LOG,,m,,,,,,,,,,,,\n');
    writeFileSync(file('a.json.gz'), 'packed\n');
    await tail.pass();
    expect(numbers()).toEqual([0]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'loses and doubles nothing, whatever is rotated, and however often it is started again (seed %i)',
    async (seed) => {
      let state = seed * 48_271;
      const dice = (sides: number): number => (state = (state * 16_807) % 2_147_483_647) % sides;
      let copies = 0;
      let half = '';
      const settle = (): void => {
        appendFileSync(file('log.json'), half);
        half = '';
      };
      for (let move = 0; move < 60; move++) {
        switch (dice(7)) {
          case 0: // half a record, the rest of which comes later
            settle();
            half = record();
            appendFileSync(file('log.json'), half.slice(0, 20));
            half = half.slice(20);
            break;
          case 1: // renamed, and begun anew
            settle();
            renameSync(file('log.json'), file(`log.json.${++copies}`));
            append('log.json');
            break;
          case 2: // copied and truncated
            settle();
            copyFileSync(file('log.json'), file(`log.json.${++copies}`));
            truncateSync(file('log.json'));
            append('log.json', dice(5));
            break;
          case 3: // the name used again: what was there is a week old
            settle();
            await tail.pass();
            writeFileSync(file('log.json'), '');
            append('log.json', dice(20));
            break;
          case 4:
            await restart();
            break;
          case 5:
            await tail.pass();
            break;
          default:
            settle();
            append('log.json', dice(30));
        }
      }
      settle();
      await tail.pass();
      await restart();
      await tail.pass();
      expect(numbers().sort((a, b) => a - b)).toEqual(upTo(n));
    },
  );
});
