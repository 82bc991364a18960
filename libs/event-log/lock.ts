import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { type Files, codeOf, readSmall, replaceFile } from './files.js';
import { LogLocked } from './port.js';

/** A process and the moment of its birth: a number that is used again does not pass for its first bearer. */
interface Owner {
  readonly pid: number;
  readonly born: string;
}

/**
 * Takes `<dir>/lock` for this process, also from one that died holding it. Returns what gives it back.
 * @throws LogLocked while its owner lives
 */
export async function lock(files: Files, dir: string): Promise<() => Promise<void>> {
  const file = path.join(dir, 'lock');
  const mine = `${file}.${randomUUID()}`;
  const text = JSON.stringify({ pid: process.pid, born: (await born(process.pid)) ?? '' } satisfies Owner);
  await replaceFile(files, mine, Buffer.from(text));
  try {
    while (!(await linked(files, mine, file))) {
      const held = (await readSmall(files, file))?.toString('utf8');
      if (held !== undefined) await takeOver(files, file, held);
    }
  } finally {
    await files.unlink(mine);
  }
  return () => files.unlink(file);
}

async function linked(files: Files, from: string, to: string): Promise<boolean> {
  try {
    await files.link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function takeOver(files: Files, file: string, held: string): Promise<void> {
  const owner = parseOwner(held);
  if (owner && (await born(owner.pid)) === owner.born) throw new LogLocked(file, owner.pid);
  // Moved aside before it is removed: of two that found the same dead owner, the slower might hold the faster one's new lock.
  const aside = `${file}.stale.${randomUUID()}`;
  try {
    await files.rename(file, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const taken = (await readSmall(files, aside))?.toString('utf8');
  if (taken !== held) await linked(files, aside, file);
  await files.unlink(aside);
}

function parseOwner(text: string): Owner | undefined {
  try {
    const { pid, born } = JSON.parse(text) as Partial<Owner>;
    return typeof pid === 'number' && typeof born === 'string' ? { pid, born } : undefined;
  } catch {
    return undefined; // cut short by a crash: nobody's
  }
}

/** When a process was started, told apart from every other start under its number; nothing when none runs. */
async function born(pid: number): Promise<string | undefined> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ]);
    // The name, in parentheses, may hold anything; field 3 is the first after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const isDead = fields[0] === 'Z' || fields[0] === 'X';
    return isDead ? undefined : `${boot.trim()}/${fields[19] ?? ''}`;
  } catch {
    return process.platform === 'linux' ? undefined : bornElsewhere(pid);
  }
}

/** Without /proc only the number tells, so a reused one keeps the lock: it refuses too much, never too little. */
function bornElsewhere(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
    return 'unknown';
  } catch (error) {
    return codeOf(error) === 'EPERM' ? 'unknown' : undefined;
  }
}
