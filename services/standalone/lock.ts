import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Takes the folder for this process. @throws when another standalone has it */
export function takeLock(path: string): () => void {
  while (!isWritten(path)) {
    const holder = readHolder(path);
    if (holder !== undefined && isStandalone(holder)) throw new Error(`already running here, as process ${holder}`);
    rmSync(path, { force: true });
  }
  return () => {
    rmSync(path, { force: true });
  };
}

/** Of two that start at the same moment one has written it. */
function isWritten(path: string): boolean {
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return undefined; // nobody has it
  }
}

/** The process of that number may long be another one: where the system tells what it runs, that counts too. */
function isStandalone(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('standalone');
  } catch {
    return true; // no /proc here
  }
}
