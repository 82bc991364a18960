import type { Io } from '../terminal/io.js';
import { colorsOf, write } from '../terminal/io.js';
import { Failure } from '../failure.js';
import type { Finding } from './finding.js';
import type { Terminal } from './terminal.js';

/** A question, and what holds where nothing is said. Without a fallback something has to be said. */
export interface Question {
  readonly text: string;
  /** The option that answers it. */
  readonly option: string;
  readonly fallback?: string | undefined;
  /** What is wrong with an answer by itself; undefined for nothing. */
  readonly objection?: (answer: string) => string | undefined;
}

export interface SecretQuestion {
  readonly text: string;
  /** How it may be given without a terminal. */
  readonly option: string;
  readonly given: string | undefined;
}

/** Where answers come from. */
export abstract class Asking {
  abstract text(question: Question): Promise<string>;
  abstract secret(question: SecretQuestion): Promise<string>;
  /** Asks, checks, and asks again what turns out wrong, where there is somebody to ask. */
  abstract settled<T>(ask: (before: T | undefined) => Promise<T>, check: (answer: T) => Promise<Finding>): Promise<T>;
}

/** Somebody at a terminal: every question is put, with the options as what is proposed. */
export class AskingSomebody extends Asking {
  constructor(
    private readonly io: Io,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  async text({ text, fallback, objection }: Question): Promise<string> {
    for (;;) {
      const said = (await this.terminal.line(fallback === undefined ? `${text}: ` : `${text} [${fallback}]: `)).trim();
      const answer = said === '' ? fallback : said;
      const wrong = answer === undefined ? 'something has to be said here' : objection?.(answer);
      if (answer !== undefined && wrong === undefined) return answer;
      await write(this.io, `  ${wrong ?? ''}\n`);
    }
  }

  async secret({ text, given }: SecretQuestion): Promise<string> {
    const said = await this.terminal.secret(given === undefined ? `${text}: ` : `${text} [as given]: `);
    return said === '' ? (given ?? '') : said;
  }

  async settled<T>(ask: (before: T | undefined) => Promise<T>, check: (answer: T) => Promise<Finding>): Promise<T> {
    const { green, red } = colorsOf(this.io);
    let before: T | undefined;
    for (;;) {
      const answer = await ask(before);
      const found = await check(answer);
      if (found.kind === 'fine') {
        for (const line of found.told.split('\n')) await write(this.io, `  ${green('✓')} ${line}\n`);
        return answer;
      }
      await write(this.io, `  ${red('✗')} ${found.what}. ${found.todo}\n`);
      before = answer;
    }
  }

  close(): void {
    this.terminal.close();
  }
}

/** Nobody to ask: the options are the answers. All that is wrong with them is told at once, at the end. */
export class AskingNobody extends Asking {
  /** Two answers may fail for the same reason, which is told once. */
  private readonly problems = new Set<string>();
  private readonly told: string[] = [];

  constructor(private readonly io: Io) {
    super();
  }

  text({ option, fallback, objection }: Question): Promise<string> {
    const wrong = fallback === undefined ? 'has to be given' : objection?.(fallback);
    if (wrong !== undefined) this.problems.add(`${option} ${wrong}`);
    return Promise.resolve(fallback ?? '');
  }

  secret({ option, given }: SecretQuestion): Promise<string> {
    if (given === undefined) this.problems.add(`${option} has to be given`);
    return Promise.resolve(given ?? '');
  }

  async settled<T>(ask: (before: T | undefined) => Promise<T>, check: (answer: T) => Promise<Finding>): Promise<T> {
    const before = this.problems.size;
    const answer = await ask(undefined);
    if (this.problems.size > before) return answer; // what is incomplete cannot be checked
    const found = await check(answer);
    if (found.kind === 'problem') this.problems.add(`${found.what}. ${found.todo}`);
    else if (found.told !== '') this.told.push(...found.told.split('\n'));
    return answer;
  }

  /** @throws Failure with every problem */
  end(): void {
    for (const line of this.told) this.io.stderr.write(`  ✓ ${line}\n`);
    if (this.problems.size === 0) return;
    const list = [...this.problems].map((one) => `  ✗ ${one}`).join('\n');
    throw new Failure('failed', {
      what: 'Nothing was written',
      why: this.problems.size === 1 ? 'one answer does not hold' : `${this.problems.size} answers do not hold`,
      todo: `${list}\nGive others and try again. See sallyport init --help.`,
    });
  }
}
