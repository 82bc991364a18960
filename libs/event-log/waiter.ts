/** Waits until it is woken, a time has passed, or the signal aborts. A wake while nobody waits is kept for the next wait. */
export class Waiter {
  private isWoken = false;
  private resume: (() => void) | undefined;

  constructor(private readonly signal: AbortSignal) {}

  readonly wake = (): void => {
    this.isWoken = true;
    this.resume?.();
  };

  async wait(ms: number): Promise<void> {
    if (!this.isWoken && !this.signal.aborted)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.resume = () => {
          clearTimeout(timer);
          resolve();
        };
        this.signal.addEventListener('abort', this.resume, { once: true });
      }).finally(() => {
        if (this.resume) this.signal.removeEventListener('abort', this.resume);
        this.resume = undefined;
      });
    this.isWoken = false;
  }
}
