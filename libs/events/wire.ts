/**
 * The messages of a range of a stream, run-length coded: `T32 D17*3 C13 Z6` is one RowDescription of 32 bytes, three DataRows
 * of 17, a CommandComplete and a ReadyForQuery. A length counts the whole frame, type byte included. A message is listed in the
 * range in which it begins, with its full length; a range that carries on one begun before starts with `+n`, the n bytes of it
 * that it holds. A message cut short for ever (its sender left) shows by a sum that passes the range. `?n` are n bytes that begin no
 * message: nothing follows them in their stream.
 */
export interface MessageRun {
  /** One letter of the protocol, `+` for the rest of a message begun in an earlier range, or `?`. */
  readonly type: string;
  readonly length: number;
  readonly count: number;
}

/** Gathers messages into runs as they pass. */
export class MessageRuns {
  private readonly done: string[] = [];
  private type = '';
  private length = 0;
  private count = 0;

  add(type: string, length: number): void {
    if (type === this.type && length === this.length && type !== '+') {
      this.count++;
      return;
    }
    this.close();
    this.type = type;
    this.length = length;
    this.count = 1;
  }

  get isEmpty(): boolean {
    return this.count === 0 && this.done.length === 0;
  }

  /** How many characters `toString` would give, at most. */
  get size(): number {
    return this.done.length * 12;
  }

  toString(): string {
    this.close();
    return this.done.join(' ');
  }

  private close(): void {
    if (this.count > 0) this.done.push(formatRun({ type: this.type, length: this.length, count: this.count }));
    this.count = 0;
    this.type = '';
  }
}

const formatRun = ({ type, length, count }: MessageRun): string => `${type}${length}${count > 1 ? `*${count}` : ''}`;

/** @throws SyntaxError when the text is no list of runs */
export function parseRuns(text: string): MessageRun[] {
  if (text === '') return [];
  return text.split(' ').map((run) => {
    const [, type, length, count] = /^([A-Za-z0-9+?])(\d+)(?:\*(\d+))?$/.exec(run) ?? [];
    if (type === undefined) throw new SyntaxError(`not a run of messages: ${run}`);
    return { type, length: Number(length), count: count === undefined ? 1 : Number(count) };
  });
}
