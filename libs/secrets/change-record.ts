import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Secret } from '#runtime';
import { type Change, changesOf, hashOf, keyedHashOf, type Seen, type Settings } from './changes.js';
import { replaceFile } from './files.js';

const hashes = z.record(z.string(), z.string());
const Kept = z.strictObject({
  /** For the hashes of secrets. It is known to this file alone. */
  key: z.string(),
  seen: z.partialRecord(z.enum(['configuration', 'issuers', 'roles', 'secret']), hashes),
});

/**
 * Knows what a service last ran with, in a file of mode 0600, and says what is different now. What is recorded is remembered
 * afterwards: a change may be told twice, but not be missed.
 */
export class ChangeRecord {
  private readonly key: Buffer;
  private seen: Seen;
  private last: Promise<void> = Promise.resolve();

  /**
   * @param file made when absent: then all there is counts as new
   * @param record resolves when the changes are durable
   */
  constructor(
    private readonly file: string,
    private readonly record: (changes: readonly Change[]) => Promise<void>,
  ) {
    const kept = existsSync(file) ? Kept.parse(JSON.parse(readFileSync(file, 'utf8'))) : { key: newKey(), seen: {} };
    this.key = Buffer.from(kept.key, 'base64url');
    this.seen = kept.seen;
  }

  /** All that the service runs with, at its start. A secret that cannot be had now is taken to be what it was. */
  started({ configuration, issuers, roles, secrets }: Settings): Promise<void> {
    return this.next((seen) => ({
      configuration: each(configuration, hashOf),
      issuers: each(issuers, hashOf),
      roles: each(roles, hashOf),
      secret: each(secrets, (secret, name) => (secret ? keyedHashOf(secret, this.key) : seen.secret?.[name])),
    }));
  }

  /** One secret as it is now. */
  secret(name: string, secret: Secret): Promise<void> {
    const hash = keyedHashOf(secret, this.key);
    if (this.seen.secret?.[name] === hash) return Promise.resolve();
    return this.next((seen) => ({ ...seen, secret: { ...seen.secret, [name]: hash } }));
  }

  private next(change: (seen: Seen) => Seen): Promise<void> {
    const done = this.last.then(async () => {
      const next = change(this.seen);
      const changes = changesOf(this.seen, next);
      if (changes.length === 0) return;
      await this.record(changes);
      this.seen = next;
      mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
      replaceFile(this.file, JSON.stringify({ key: this.key.toString('base64url'), seen: next }));
    });
    this.last = done.catch(() => undefined);
    return done;
  }
}

const newKey = (): string => randomBytes(32).toString('base64url');

function each<T>(
  values: Readonly<Record<string, T>>,
  hash: (value: T, name: string) => string | undefined,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => {
      const hashed = hash(value, name);
      return hashed === undefined ? [] : [[name, hashed]];
    }),
  );
}
