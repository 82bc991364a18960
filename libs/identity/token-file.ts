import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';

/** What the file holds of a token: never the token. */
export const StoredToken = z.strictObject({
  created: z.int(),
  expires: z.int(),
  groups: z.array(z.string()),
  id: z.string(),
  kind: z.enum(['agent', 'service']),
  name: z.string().min(1),
  revoked: z.int().optional(),
  /** Of the whole token. It is 256 random bits, so a plain hash is right: there is nothing to guess that a slow one would protect. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type StoredToken = z.infer<typeof StoredToken>;
const StoredTokens = z.strictObject({ v: z.literal(1), tokens: z.array(StoredToken) });

/** The file of service tokens: read again when it changed, replaced as a whole, changed by one process at a time. */
export class TokenFile {
  private seen: { readonly stamp: string; readonly tokens: readonly StoredToken[] } | undefined;

  constructor(private readonly path: string) {}

  /** No file means no tokens. @throws when it cannot be read or is not what was written */
  async read(): Promise<readonly StoredToken[]> {
    const stamp = await this.stamp();
    if (stamp === undefined) return [];
    if (this.seen?.stamp !== stamp) this.seen = { stamp, tokens: parse(await readFile(this.path, 'utf8')) };
    return this.seen.tokens;
  }

  /** @throws TokenFileBusy while another process changes it */
  async change(change: (tokens: readonly StoredToken[]) => readonly StoredToken[]): Promise<void> {
    const next = `${this.path}.new`;
    // The file to be is the lock too: whoever can make it may rename it.
    const file = await open(next, 'wx', 0o600).catch((error: unknown) => {
      throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? new TokenFileBusy(next) : error;
    });
    try {
      try {
        await file.writeFile(`${JSON.stringify({ v: 1, tokens: change(await this.read()) }, null, 2)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(next, this.path);
    } catch (error) {
      await rm(next, { force: true });
      throw error;
    }
    await syncFolder(dirname(this.path));
  }

  /** Changes with every replacement: a new file has another inode. */
  private async stamp(): Promise<string | undefined> {
    try {
      const { ino, mtimeNs, size } = await stat(this.path, { bigint: true });
      return `${ino} ${mtimeNs} ${size}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

/** Another process changes the file, or died while it did. */
export class TokenFileBusy extends Error {
  override readonly name = 'TokenFileBusy';
  constructor(readonly lock: string) {
    super(`another process is changing the service tokens; if none is, remove ${lock}`);
  }
}

const parse = (text: string): readonly StoredToken[] => StoredTokens.parse(JSON.parse(text)).tokens;

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
