import { LRUCache } from 'lru-cache';
import type { Parsed } from '../written.js';
import type { Answer, Question } from './protocol.js';
import { type Caps, defaultCaps, preScan } from './pre-scan.js';
import { withoutEnding } from './ending.js';
import { shapeOf } from './shape.js';
import { type Outcome, WorkerPool } from './worker-pool.js';

export interface SqlParserOptions {
  readonly caps?: Caps;
  /** Milliseconds that one text may take in a thread before the thread is stopped and the text refused. */
  readonly timeLimitMs?: number;
  /** Threads that parse: a text that takes its whole time limit holds up one of them. */
  readonly threads?: number;
  /** Told when a text broke the parser, or took it too long: never what the text was. */
  readonly report?: (error: Error) => void;
  /** Bytes of text and facts kept in memory. */
  readonly cacheBytes?: number;
}

type InPlace = (sql: Buffer) => Parsed;

// Measured: a round trip to a thread costs 72-82 µs, parsing a short text in place 9-15.
const inPlaceBytes = 2_048;
const inPlaceDepth = 200;
const cachedBytes = 64 * 1024;
const shapedBytes = 4 * 1024;

/** What stands for a text that does not parse, where its literals must not be shown. */
export const unparsable = '[unparsable]';

/**
 * Parses SQL in threads that can be stopped; short and flat texts in place. A text that breaks the parser, or takes too long, is
 * refused, and the thread that it broke is replaced: the next text finds a sound one.
 */
export class SqlParser {
  private readonly cache: LRUCache<string, Parsed>;
  private readonly caps: Caps;
  private readonly report: (error: Error) => void;

  private constructor(
    private readonly pool: WorkerPool<Question, Answer>,
    private inPlace: InPlace | undefined,
    options: SqlParserOptions,
  ) {
    this.caps = options.caps ?? defaultCaps;
    this.report = options.report ?? (() => undefined);
    this.cache = new LRUCache({ maxSize: options.cacheBytes ?? 64 * 1024 * 1024, sizeCalculation: sizeOf });
  }

  static async start(options: SqlParserOptions = {}): Promise<SqlParser> {
    const { parseText } = await import('./libpg.js');
    const pool = new WorkerPool<Question, Answer>(new URL('./worker.js', import.meta.url), {
      threads: options.threads ?? 2,
      timeLimitMs: options.timeLimitMs ?? 2_000,
      stackSizeMb: 64,
      isReady: (answer) => answer.ask === 'ready',
    });
    return new SqlParser(pool, parseText, options);
  }

  /** Facts of a text, by its exact bytes. At once where they are known or the text is short; never rejects. */
  parse(sql: Buffer): Parsed | Promise<Parsed> {
    const key = sql.length <= cachedBytes ? keyOf(sql) : undefined;
    const known = key && ((key.shape !== undefined && this.cache.get(key.shape)) || this.cache.get(key.text));
    if (known) return known;
    const scan = preScan(sql, this.caps);
    if (scan.kind === 'refused') return scan;
    if (sql.length <= inPlaceBytes && scan.depth <= inPlaceDepth && this.inPlace) {
      return this.keep(key, this.parseInPlace(this.inPlace, sql));
    }
    return this.parseInThread(key, sql);
  }

  /** The text with `?` for every literal and without its comments; `unparsable` where it cannot be told what is a literal. */
  async redact(sql: Buffer): Promise<string> {
    if (preScan(sql, this.caps).kind === 'refused') return unparsable;
    const outcome = await this.ask({ ask: 'redact', sql: copyOf(sql) });
    return (outcome.kind === 'answer' && outcome.answer.ask === 'redact' ? outcome.answer.redacted : undefined) ?? unparsable;
  }

  /** Stops the threads; what they were asked is refused. */
  async close(): Promise<void> {
    await this.pool.close();
  }

  private parseInPlace(parse: InPlace, sql: Buffer): Parsed {
    try {
      return parse(sql);
    } catch (error) {
      // The parser of this thread cannot be replaced: from now on every text goes to threads that can.
      this.inPlace = undefined;
      this.report(new Error('the parser broke in place', { cause: error }));
      return broken;
    }
  }

  private async parseInThread(key: Key | undefined, sql: Buffer): Promise<Parsed> {
    const outcome = await this.ask({ ask: 'parse', sql: copyOf(sql) });
    switch (outcome.kind) {
      case 'answer':
        return outcome.answer.ask === 'parse' ? this.keep(key, outcome.answer.parsed) : broken;
      case 'late':
        return { kind: 'refused', reason: 'parsing took too long' };
      case 'broken':
        return broken;
      case 'closed':
        return { kind: 'refused', reason: 'the parser is shut down' };
    }
  }

  private async ask(question: Question): Promise<Outcome<Answer>> {
    const outcome = await this.pool.ask(question);
    if (outcome.kind === 'late') this.report(new Error('a text took its whole time limit'));
    if (outcome.kind === 'broken') this.report(new Error('a text broke the parser', { cause: outcome.error }));
    return outcome;
  }

  private keep(key: Key | undefined, parsed: Parsed): Parsed {
    if (key !== undefined && parsed.kind !== 'refused')
      this.cache.set(isPlain(parsed) ? (key.shape ?? key.text) : key.text, parsed);
    return parsed;
  }
}

interface Key {
  readonly text: string;
  readonly shape: string | undefined;
}

function keyOf(sql: Buffer): Key {
  // A traceparent is another one with each statement: what is read of a text does not depend on its last comment.
  const text = withoutEnding(sql.toString('latin1'));
  return { text, shape: sql.length <= shapedBytes ? shapeOf(text) : undefined };
}

/** Whether what was read of the text is the same for every text of its shape. */
const isPlain = (parsed: Parsed): boolean =>
  parsed.kind === 'statements' && parsed.statements.every(({ act, verb }) => act.kind === 'plain' && shaped.has(verb));

const shaped: ReadonlySet<string> = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE']);

// A view's clone would carry all of the buffer that it looks into, and the text may wait longer than that buffer stays.
const copyOf = (sql: Buffer): Uint8Array => new Uint8Array(sql);

const broken: Parsed = { kind: 'refused', reason: 'the parser broke on this text' };

// Facts take a few times the size of their text; what is bounded is the order of magnitude.
const sizeOf = (parsed: Parsed, key: string): number =>
  512 + 8 * key.length + (parsed.kind === 'statements' ? 512 * parsed.statements.length : 0);
