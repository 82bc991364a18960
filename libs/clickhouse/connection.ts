import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { z } from 'zod';
import { migrations } from './schema.js';

/** A ClickHouse server, or the embedded engine: the same to everything above. */
export interface ClickHouseOptions {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Letters, digits and `_`; made when absent. */
  readonly database: string;
}

/** Nothing answered. Whoever can do without ClickHouse does; others try again. */
export class ClickHouseUnavailable extends Error {
  override readonly name = 'ClickHouseUnavailable';
}

/** The server answered with an error, by its number (https://clickhouse.com/docs: system.errors). */
export class ClickHouseRejected extends Error {
  override readonly name = 'ClickHouseRejected';
  constructor(
    readonly code: number,
    readonly type: string,
  ) {
    super(`ClickHouse answered with error ${code} ${type}`); // without the server's own text, which may quote rows
  }
}

export type Parameters = Readonly<Record<string, unknown>>;

/** The only door to ClickHouse. */
export class ClickHouse {
  private constructor(
    private readonly client: ClickHouseClient,
    private readonly options: ClickHouseOptions,
  ) {}

  /** Connects lazily: nothing is sent yet. */
  static at(options: ClickHouseOptions): ClickHouse {
    return new ClickHouse(clientOf(options), options);
  }

  /** Makes the database and brings its tables to the newest form. Harmless when done already, or twice at once. */
  async migrate(): Promise<void> {
    const { url, user, password, database } = this.options;
    const outside = clientOf({ url, user, password });
    try {
      await answered(outside.command({ query: `CREATE DATABASE IF NOT EXISTS ${database} ENGINE = Atomic` }));
    } finally {
      await outside.close();
    }
    await this.command('CREATE TABLE IF NOT EXISTS migrations (step UInt32) ENGINE = ReplacingMergeTree ORDER BY step');
    const [done] = await this.select(z.object({ steps: z.int() }), 'SELECT toUInt32(max(step)) AS steps FROM migrations');
    for (const [i, statements] of migrations.entries()) {
      if (i < (done?.steps ?? 0)) continue;
      for (const statement of statements) await this.command(statement);
      await this.insert('migrations', [{ step: i + 1 }]);
    }
  }

  /** Rows as their schema reads them. @throws ZodError when the server's rows are not what the schema says */
  async select<S extends z.ZodType>(row: S, sql: string, parameters: Parameters = {}): Promise<z.output<S>[]> {
    const result = await answered(
      this.client.query({ query: sql, format: 'JSONEachRow', query_params: { ...parameters } }).then((set) => set.json()),
    );
    return result.map((value) => row.parse(value));
  }

  /** The same, of results that are too many to be held at once. */
  async *stream<S extends z.ZodType>(row: S, sql: string, parameters: Parameters = {}): AsyncGenerator<z.output<S>> {
    const set = await answered(this.client.query({ query: sql, format: 'JSONEachRow', query_params: { ...parameters } }));
    try {
      for await (const batch of set.stream()) for (const line of batch) yield row.parse(line.json());
    } catch (error) {
      throw translated(error);
    } finally {
      set.close();
    }
  }

  /**
   * One synchronous insert of rows in the form of JSONEachRow; resolves when they are kept.
   * @param token names the content: the same rows under the same token are kept once, where the table remembers tokens
   */
  async insert(table: string, rows: readonly object[], token?: string): Promise<void> {
    const [first] = rows;
    if (!first) return;
    await answered(
      this.client.insert({
        table,
        values: [...rows],
        format: 'JSONEachRow',
        columns: Object.keys(first) as [string, ...string[]],
        clickhouse_settings: token === undefined ? {} : { insert_deduplication_token: token },
      }),
    );
  }

  async command(sql: string): Promise<void> {
    await answered(this.client.command({ query: sql }));
  }

  /** Whether it answers. */
  async ping(): Promise<boolean> {
    return (await this.client.ping()).success;
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}

const clientOf = ({
  url,
  user,
  password,
  database,
}: Omit<ClickHouseOptions, 'database'> & { database?: string }): ClickHouseClient =>
  createClient({
    url,
    username: user,
    password,
    ...(database !== undefined && { database }),
    application: 'sallyport',
    request_timeout: 120_000,
    compression: { request: true, response: true },
    log: { level: ClickHouseLogLevel.OFF }, // its lines would hold queries; what fails is thrown, and told by the caller
    clickhouse_settings: {
      async_insert: 0, // asynchronous inserts with tokens lose rows (ClickHouse issue 111031)
      wait_end_of_query: 1,
      max_partitions_per_insert_block: '0',
      output_format_json_quote_64bit_integers: 1,
      date_time_output_format: 'unix_timestamp',
    },
  });

async function answered<T>(attempt: Promise<T>): Promise<T> {
  try {
    return await attempt;
  } catch (error) {
    throw translated(error);
  }
}

function translated(error: unknown): unknown {
  if (error instanceof ClickHouseError) return new ClickHouseRejected(Number(error.code), error.type ?? 'UNKNOWN');
  const ours = [z.ZodError, SyntaxError, TypeError, RangeError].some((kind) => error instanceof kind);
  return ours ? error : new ClickHouseUnavailable('ClickHouse does not answer', { cause: error });
}
