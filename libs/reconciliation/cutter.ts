/** How Postgres writes a log that machines read. */
export type LogFormat = 'jsonlog' | 'csvlog';

/** A record's bytes and where they stand. `bytes` is absent where there are more of them than may be kept. */
export interface Cut {
  readonly from: number;
  readonly to: number;
  /** With its line end. */
  readonly bytes: Buffer | undefined;
}

const newline = 0x0a;
const quote = 0x22;

/**
 * Cuts a log file into records as it is read. A record ends at its newline, in csvlog at the first one outside of quotes: what has none
 * yet is not handed out.
 */
export class RecordCutter {
  private held: Buffer[] = [];
  private heldBytes = 0;
  private isQuoted = false;
  private isTooLong = false;
  private end: number;

  /** @param from where in the file the first byte to come stands: the beginning of a record */
  constructor(
    private readonly format: LogFormat,
    private from: number,
    private readonly maxBytes = 16 * 1024 * 1024,
  ) {
    this.end = from;
  }

  /** Where the next byte is to be read. */
  get readTo(): number {
    return this.end;
  }

  /** @param chunk the bytes that follow; copied where they are kept beyond this call */
  push(chunk: Buffer): Cut[] {
    const cuts: Cut[] = [];
    let begin = 0;
    for (let at = this.endOfRecord(chunk, 0); at >= 0; at = this.endOfRecord(chunk, begin)) {
      cuts.push(this.cut(chunk.subarray(begin, at)));
      begin = at;
    }
    this.hold(chunk.subarray(begin));
    return cuts;
  }

  /** The index behind the next newline that ends a record, from `begin`; -1 where there is none. */
  private endOfRecord(chunk: Buffer, begin: number): number {
    if (this.format === 'jsonlog') return chunk.indexOf(newline, begin) + 1 || -1;
    for (let at = begin; ;) {
      const end = chunk.indexOf(newline, at);
      const stop = end < 0 ? chunk.length : end;
      // A doubled quote within quotes closes and opens: it leaves the state as it was.
      for (let q = chunk.indexOf(quote, at); q >= 0 && q < stop; q = chunk.indexOf(quote, q + 1)) this.isQuoted = !this.isQuoted;
      if (end < 0) return -1;
      if (!this.isQuoted) return end + 1;
      at = end + 1;
    }
  }

  private cut(last: Buffer): Cut {
    const { from, held } = this;
    const to = this.end + last.length;
    const isTooLong = this.isTooLong || to - from > this.maxBytes;
    const bytes = isTooLong ? undefined : held.length === 0 ? last : Buffer.concat([...held, last]);
    this.held = [];
    this.heldBytes = 0;
    this.isTooLong = false;
    this.from = this.end = to;
    return { from, to, bytes };
  }

  private hold(rest: Buffer): void {
    this.end += rest.length;
    this.heldBytes += rest.length;
    this.isTooLong ||= this.heldBytes > this.maxBytes;
    if (this.isTooLong) this.held = [];
    else if (rest.length > 0) this.held.push(Buffer.from(rest));
  }
}
