import fs from 'node:fs';
import path from 'node:path';
import { LogFailed } from './port.js';

/** An open file. Positions are bytes from its start. Failures are the system's own errors, with their `code`. */
export interface OpenFile {
  /** Writes at most all of `bytes` and says how many: a short write is no failure. */
  write(bytes: Buffer, at: number): Promise<number>;
  /** Writes all of `bytes` on this thread: for what is short and need not reach the disk, cheaper than a turn through the pool. */
  writeNow(bytes: Buffer, at: number): void;
  read(into: Buffer, at: number): Promise<number>;
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** `write-through`: each write returns when its own range, and only that, is on disk (O_DSYNC). */
export type OpenMode = 'read' | 'write' | 'create' | 'write-through';

/** All of the file system that the segment log needs, so that tests can make any of it fail. */
export interface Files {
  /** `create` opens an existing file too, keeping its content; new ones get mode 0600. */
  open(file: string, mode: OpenMode): Promise<OpenFile>;
  /** Creates the directory and those above it, mode 0700. */
  makeDirectory(dir: string): Promise<void>;
  list(dir: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  /** @throws EEXIST when `to` is there already */
  link(from: string, to: string): Promise<void>;
  unlink(file: string): Promise<void>;
  syncDirectory(dir: string): Promise<void>;
  freeBytes(dir: string): Promise<number>;
  /** Calls `changed` soon after a change of the file, if the system can tell. Returns what ends it. */
  watch(file: string, changed: () => void): () => void;
}

const { constants: c } = fs;
const flags: Record<OpenMode, number> = {
  read: c.O_RDONLY,
  write: c.O_RDWR,
  create: c.O_RDWR | c.O_CREAT,
  'write-through': c.O_WRONLY | c.O_DSYNC,
};

export const nodeFiles: Files = {
  open: async (file, mode) =>
    openFile(
      await promise<number>((done) => {
        fs.open(file, flags[mode], 0o600, done);
      }),
    ),
  makeDirectory: async (dir) => {
    await fs.promises.mkdir(dir, { recursive: true, mode: 0o700 });
  },
  list: (dir) => fs.promises.readdir(dir),
  rename: (from, to) => fs.promises.rename(from, to),
  link: (from, to) => fs.promises.link(from, to),
  unlink: (file) => fs.promises.unlink(file),
  syncDirectory: async (dir) => {
    const handle = await fs.promises.open(dir, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  freeBytes: async (dir) => {
    const { bavail, bsize } = await fs.promises.statfs(dir);
    return bavail * bsize;
  },
  watch: (file, changed) => {
    try {
      const watcher = fs.watch(file, { persistent: false }, changed);
      // Out of watches, or the file went away: whoever watches polls as well.
      watcher.on('error', () => {
        watcher.close();
      });
      return () => {
        watcher.close();
      };
    } catch {
      return () => undefined;
    }
  },
};

function openFile(fd: number): OpenFile {
  return {
    write: (bytes, at) =>
      promise((done) => {
        fs.write(fd, bytes, 0, bytes.length, at, done);
      }),
    writeNow: (bytes, at) => {
      const written = fs.writeSync(fd, bytes, 0, bytes.length, at);
      if (written !== bytes.length) throw new LogFailed(`${written} of ${bytes.length} bytes were written`);
    },
    read: (into, at) =>
      promise((done) => {
        fs.read(fd, into, 0, into.length, at, done);
      }),
    datasync: () =>
      promise((done) => {
        fs.fdatasync(fd, done);
      }),
    truncate: (length) =>
      promise((done) => {
        fs.ftruncate(fd, length, done);
      }),
    size: async () =>
      (
        await promise<fs.Stats>((done) => {
          fs.fstat(fd, done);
        })
      ).size,
    close: () =>
      promise((done) => {
        fs.close(fd, done);
      }),
  };
}

/** A promise of a callback's answer; the callbacks of node:fs cost half of what its own promises do. */
function promise<T = void>(call: (done: (error: Error | null, answer?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, answer) => {
      if (error) reject(error);
      else resolve(answer as T);
    });
  });
}

/** Writes all of it, however often the system stops short. */
export async function writeAll(file: OpenFile, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const written = await file.write(done === 0 ? bytes : bytes.subarray(done), at + done);
    if (written === 0) throw new LogFailed('the device takes no bytes');
    done += written;
  }
}

/** Reads up to `length` bytes; fewer only where the file ends. */
export async function readUpTo(file: OpenFile, length: number, at: number): Promise<Buffer> {
  const into = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const read = await file.read(into.subarray(done), at + done);
    if (read === 0) break;
    done += read;
  }
  return into.subarray(0, done);
}

/** Replaces a small file so that a crash leaves either its old or its new content. */
export async function replaceFile(files: Files, file: string, content: Buffer): Promise<void> {
  const temporary = `${file}.new`;
  const handle = await files.open(temporary, 'create');
  try {
    await handle.truncate(0);
    await writeAll(handle, content, 0);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await files.rename(temporary, file);
  await files.syncDirectory(path.dirname(file));
}

/** The content of a small file; nothing when there is none. */
export async function readSmall(files: Files, file: string): Promise<Buffer | undefined> {
  let handle: OpenFile;
  try {
    handle = await files.open(file, 'read');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return await readUpTo(handle, await handle.size(), 0);
  } finally {
    await handle.close();
  }
}

/** The code of a system error. Told by its shape: an error of another realm is no `instanceof Error` of this one. */
export const codeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
