import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { describeError } from './refused.js';
import type { Request } from './request.js';

/** The rows that a query has read and written, as the engine counted them. */
export interface Counted {
  readonly rows: number;
  readonly bytes: number;
  readonly kind: 'read' | 'written';
}

/** One answer of the HTTP interface: a head, the result as it comes, and an error even when half of the result is out. */
export class Answer {
  /** Fires when the client is gone before its answer was. */
  readonly gone: AbortSignal;
  private readonly startedAt = process.hrtime.bigint();
  private readonly tag = randomBytes(8).toString('hex');
  private queryId: string = randomUUID();
  private compressed = false;
  private out: Writable;

  constructor(private readonly response: ServerResponse) {
    this.out = response;
    const gone = new AbortController();
    this.gone = gone.signal;
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
  }

  accept(request: Request): void {
    this.queryId = request.queryId ?? this.queryId;
    this.compressed = request.compressed;
  }

  head(format: string, counted: Counted): void {
    this.response.writeHead(200, {
      ...this.common(),
      'Content-Type': contentTypes[format] ?? 'text/plain; charset=UTF-8',
      'X-ClickHouse-Format': format,
      'X-ClickHouse-Summary': this.summary(counted),
      'X-ClickHouse-Exception-Tag': this.tag,
      ...(this.compressed ? { 'Content-Encoding': 'gzip' } : {}),
    });
    if (!this.compressed) return;
    this.out = createGzip();
    this.out.pipe(this.response);
  }

  /** Resolves when the client keeps up, or is gone. */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.gone.aborted || this.out.write(chunk)) return;
    await once(this.out, 'drain', { signal: this.gone }).catch((error: unknown) => {
      if (!this.gone.aborted) throw error;
    });
  }

  end(chunk?: Uint8Array): void {
    if (this.gone.aborted) return;
    if (chunk) this.out.end(chunk);
    else this.out.end();
  }

  fail(error: unknown): void {
    if (this.gone.aborted) return;
    const { code, status, text } = describeError(error);
    if (!this.response.headersSent) {
      const headers = {
        ...this.common(),
        'Content-Type': 'text/plain; charset=UTF-8',
        'X-ClickHouse-Exception-Code': String(code),
      };
      this.response.writeHead(status, headers).end(`${text}\n`);
      return;
    }
    // The form in which a server since 25.11 tells of an error after its 200 went out.
    const message = `${text}\n`;
    const length = Buffer.byteLength(message);
    this.out.end(`\r\n__exception__\r\n${this.tag}\r\n${message}${length} ${this.tag}\r\n__exception__\r\n`);
  }

  private common(): Record<string, string> {
    return { 'X-ClickHouse-Query-Id': this.queryId, 'X-ClickHouse-Timezone': 'UTC', 'X-ClickHouse-Server-Display-Name': 'chdb' };
  }

  private summary({ rows, bytes, kind }: Counted): string {
    const counts = (is: boolean) => ({ rows: String(is ? rows : 0), bytes: String(is ? bytes : 0) });
    const read = counts(kind === 'read');
    const written = counts(kind === 'written');
    return JSON.stringify({
      read_rows: read.rows,
      read_bytes: read.bytes,
      written_rows: written.rows,
      written_bytes: written.bytes,
      total_rows_to_read: '0',
      result_rows: '0',
      result_bytes: '0',
      elapsed_ns: String(process.hrtime.bigint() - this.startedAt),
    });
  }
}

const json = 'application/json; charset=UTF-8';
const contentTypes: Readonly<Record<string, string>> = {
  JSON: json,
  JSONCompact: json,
  JSONEachRow: 'application/x-ndjson; charset=UTF-8',
  CSV: 'text/csv; charset=UTF-8; header=absent',
  CSVWithNames: 'text/csv; charset=UTF-8; header=present',
  TabSeparated: 'text/tab-separated-values; charset=UTF-8',
  Parquet: 'application/octet-stream',
  RowBinary: 'application/octet-stream',
  Native: 'application/octet-stream',
};
