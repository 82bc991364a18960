import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { DataDirectory } from './outbox-fixture.js';
import { openSegmentLog } from './segment-log.js';

const program = fileURLToPath(new URL('./crash-writer.js', import.meta.url));

/** Runs a writer until it acknowledged so many writes, kills it, and says the last that it acknowledged. */
async function killed(dir: string, from: number, after: number): Promise<number> {
  const child = spawn(process.execPath, [program, dir, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'close');
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    if (out.split('\n').length > after) child.kill('SIGKILL');
  });
  await gone;
  return Number(out.slice(0, out.lastIndexOf('\n')).split('\n').at(-1));
}

it('loses nothing that it acknowledged, and shows no part of a write, when it is killed', async () => {
  const data = await DataDirectory.make();
  let next = 0;
  for (const after of [1, 40, 150, 300]) {
    const acknowledged = await killed(data.outbox, next, after);
    const check = async () => {
      const values = (await data.values()).map((value) => value.split(' ')[0]);
      expect(values.length % 3).toBe(0);
      expect(values).toEqual(Array.from(values, (_, i) => `${Math.floor(i / 3)}.${i % 3}`));
      expect(values.length / 3).toBeGreaterThan(acknowledged);
      return values.length / 3;
    };
    await check();
    await (await openSegmentLog({ dir: data.outbox, segmentBytes: 64 * 1024 })).close();
    next = await check();
  }
  await data.remove();
}, 30_000);
