import type { ReadStream, WriteStream } from 'node:tty';
import pc from 'picocolors';

/** Where a command reads from and writes to. */
export interface Io {
  readonly stdin: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>;
  readonly stdout: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>;
  readonly stderr: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY'>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export type Colors = ReturnType<typeof pc.createColors>;

/** Colours where a terminal shows them and nobody asked for none (no-color.org). */
export const colorsOf = ({ stdout, env }: Io): Colors =>
  pc.createColors(stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb');

/** Writes, and waits while the reader is slower than the log. */
export async function write(io: Io, text: string | Uint8Array): Promise<void> {
  if (!io.stdout.write(text)) await new Promise<void>((resolve) => io.stdout.once('drain', resolve));
}
