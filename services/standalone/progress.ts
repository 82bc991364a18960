import pc from 'picocolors';

const startOfLine = '\r\x1b[2K';

/** Tells what is going on, a line a step. On a terminal the step under way shows too. */
export class Progress {
  private readonly began = performance.now();
  /** The step under way, as a terminal shows it. */
  private underWay = '';

  constructor(private readonly out: NodeJS.WriteStream) {}

  async step<T>(title: string, work: () => Promise<T>): Promise<T> {
    if (this.out.isTTY) this.out.write((this.underWay = `  ${pc.dim('…')} ${title}`));
    try {
      const result = await work();
      this.line(pc.green('✓'), title);
      return result;
    } catch (error) {
      this.line(pc.red('✗'), title);
      throw error;
    }
  }

  /** A line of its own: something that happened, or something to read. */
  say(text: string): void {
    this.out.write(this.underWay === '' ? `${text}\n` : `${startOfLine}${text}\n${this.underWay}`);
  }

  private line(mark: string, title: string): void {
    const seconds = ((performance.now() - this.began) / 1000).toFixed(1).padStart(5);
    this.underWay = '';
    this.out.write(`${this.out.isTTY ? startOfLine : ''}  ${mark} ${pc.dim(`${seconds} s`)}  ${title}\n`);
  }
}
