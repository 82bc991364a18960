import { type Files, nodeFiles, type OpenFile, type OpenMode } from './files.js';

/** What a test may make fail. `write` and `write-through` tell the two ways of writing apart. */
export interface Operation {
  readonly kind: 'write' | 'write-through' | 'write-now' | 'datasync' | 'free-bytes' | 'sync-directory';
  readonly file: string;
}

export const systemError = (code: string): Error => Object.assign(new Error(code), { code });

/** The real files, with a fault before any operation that a test picks: an error to throw, or the most bytes that a write takes. */
export class FaultyFiles {
  fault: (operation: Operation) => Error | number | undefined = () => undefined;
  /** What was asked of the files, in order. */
  readonly operations: Operation[] = [];
  /** Of all open files, as they are called now. */
  private readonly names = new Set<{ file: string }>();

  readonly files: Files = {
    ...nodeFiles,
    open: async (file, mode) => this.openFile({ file }, mode, await nodeFiles.open(file, mode)),
    rename: async (from, to) => {
      await nodeFiles.rename(from, to);
      for (const name of this.names) if (name.file === from) name.file = to;
    },
    freeBytes: async (dir) => {
      this.check({ kind: 'free-bytes', file: dir });
      return nodeFiles.freeBytes(dir);
    },
    syncDirectory: async (dir) => {
      this.check({ kind: 'sync-directory', file: dir });
      await nodeFiles.syncDirectory(dir);
    },
  };

  private openFile(name: { file: string }, mode: OpenMode, open: OpenFile): OpenFile {
    this.names.add(name);
    return {
      ...open,
      close: async () => {
        this.names.delete(name);
        await open.close();
      },
      write: async (bytes, at) => {
        const most = this.check({ kind: mode === 'write-through' ? mode : 'write', file: name.file });
        return open.write(bytes.subarray(0, most), at);
      },
      writeNow: (bytes, at) => {
        this.check({ kind: 'write-now', file: name.file });
        open.writeNow(bytes, at);
      },
      datasync: async () => {
        this.check({ kind: 'datasync', file: name.file });
        await open.datasync();
      },
    };
  }

  private check(operation: Operation): number | undefined {
    this.operations.push(operation);
    const fault = this.fault(operation);
    if (fault instanceof Error) throw fault;
    return fault;
  }
}
