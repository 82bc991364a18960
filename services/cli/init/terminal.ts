import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Failure } from '../failure.js';
import type { Io } from '../terminal/io.js';

/** Reads lines from somebody at a terminal; secrets without showing them. */
export class Terminal {
  private readonly lines: Interface;
  private readonly gone: Promise<never>;
  /** `shown`: the terminal shows what is typed. */
  private echo: 'shown' | 'hidden' = 'shown';

  constructor(private readonly io: Io) {
    const output = new Writable({
      write: (chunk: Buffer, _, done) => {
        if (this.echo === 'shown') io.stdout.write(chunk);
        done();
      },
    });
    this.lines = createInterface({ input: io.stdin, output, terminal: true });
    this.gone = new Promise<never>((_, reject) => {
      // Ctrl-C, Ctrl-D, or a terminal that is closed: a question would wait for ever.
      this.lines.once('close', () => {
        reject(
          new Failure('failed', {
            what: 'Nothing was written',
            why: 'the questions were left',
            todo: 'Start again when you like.',
          }),
        );
      });
    });
    this.gone.catch(() => undefined);
  }

  line(prompt: string): Promise<string> {
    return Promise.race([this.lines.question(prompt), this.gone]);
  }

  async secret(prompt: string): Promise<string> {
    this.echo = 'hidden';
    try {
      const answer = this.line('');
      this.io.stdout.write(prompt);
      return await answer;
    } finally {
      this.echo = 'shown';
      this.io.stdout.write('\n');
    }
  }

  close(): void {
    this.lines.close();
  }
}
