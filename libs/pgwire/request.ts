import { serialize } from 'pg-protocol';
import type { Naming } from './frontend.js';

/**
 * The messages of a client, as pg-protocol writes them: this is its only door. Each is one whole frame. A NUL within a string is a
 * RangeError, which pg-protocol itself would let through.
 */
export const request = {
  query: (sql: string): Buffer => serialize.query(clean(sql)),
  /** @param types OIDs of the parameters; 0 for what the server is to infer */
  parse: (name: string, sql: string, types: readonly number[] = []): Buffer =>
    serialize.parse({ name: clean(name), text: clean(sql), types: [...types] }),
  /** Values as text, or Buffers as binary; every result column as text. */
  bind: (portal: string, statement: string, values: readonly (string | Buffer | null)[]): Buffer =>
    serialize.bind({ portal: clean(portal), statement: clean(statement), values: [...values] }),
  describe: ({ of, name }: Naming): Buffer => serialize.describe({ type: letterOf(of), name: clean(name) }),
  /** @param maxRows 0: all */
  execute: (portal: string, maxRows: number): Buffer => serialize.execute({ portal: clean(portal), rows: maxRows }),
  close: ({ of, name }: Naming): Buffer => serialize.close({ type: letterOf(of), name: clean(name) }),
  sync: (): Buffer => serialize.sync(),
  flush: (): Buffer => serialize.flush(),
  terminate: (): Buffer => serialize.end(),
  copyData: (chunk: Buffer): Buffer => serialize.copyData(chunk),
  copyDone: (): Buffer => serialize.copyDone(),
  copyFail: (reason: string): Buffer => serialize.copyFail(clean(reason)),
  password: (password: string): Buffer => serialize.password(clean(password)),
  saslInitialResponse: (mechanism: string, response: string): Buffer =>
    serialize.sendSASLInitialResponseMessage(mechanism, response),
  saslResponse: (response: string): Buffer => serialize.sendSCRAMClientFinalMessage(response),
} as const;

const letterOf = (of: Naming['of']): 'S' | 'P' => (of === 'statement' ? 'S' : 'P');

function clean(text: string): string {
  if (text.includes('\0')) throw new RangeError('a string of the protocol holds a NUL');
  return text;
}
