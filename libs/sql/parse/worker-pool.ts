import { Worker } from 'node:worker_threads';

export interface PoolOptions<Answer> {
  readonly threads: number;
  readonly timeLimitMs: number;
  readonly stackSizeMb: number;
  /** Tells the message that a thread sends once it can be asked. */
  readonly isReady: (answer: Answer) => boolean;
}

export type Outcome<Answer> =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** The thread took longer than its limit and was stopped. */
  | { readonly kind: 'late' }
  /** The thread died of the question. */
  | { readonly kind: 'broken'; readonly error: Error }
  | { readonly kind: 'closed' };

interface Job<Question, Answer> {
  readonly question: Question;
  readonly settle: (outcome: Outcome<Answer>) => void;
}

/** Threads that answer one question at a time each, are stopped when they take too long, and are replaced when they die. */
export class WorkerPool<Question, Answer> {
  private readonly waiting: Job<Question, Answer>[] = [];
  private readonly seats: Seat<Question, Answer>[] = [];
  private closed = false;

  constructor(entry: URL, options: PoolOptions<Answer>) {
    for (let i = 0; i < options.threads; i++) this.seats.push(new Seat(entry, options, this.waiting));
  }

  /** Never rejects. */
  ask(question: Question): Promise<Outcome<Answer>> {
    if (this.closed) return Promise.resolve({ kind: 'closed' });
    return new Promise((settle) => {
      this.waiting.push({ question, settle });
      for (const seat of this.seats) seat.next();
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const job of this.waiting.splice(0)) job.settle({ kind: 'closed' });
    await Promise.all(this.seats.map((seat) => seat.close()));
  }
}

/** A place for one thread: whoever sits there takes the next job when it is free. */
class Seat<Question, Answer> {
  private worker: Worker | undefined;
  private ready = false;
  private job: Job<Question, Answer> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly entry: URL,
    private readonly options: PoolOptions<Answer>,
    private readonly waiting: Job<Question, Answer>[],
  ) {
    this.start();
  }

  next(): void {
    if (this.worker === undefined && !this.closed) this.start();
    if (!this.ready || this.job !== undefined) return;
    this.job = this.waiting.shift();
    if (this.job === undefined) return;
    this.worker?.postMessage(this.job.question);
    this.timer = setTimeout(() => {
      this.replace({ kind: 'late' });
    }, this.options.timeLimitMs);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.ready = false;
    this.settle({ kind: 'closed' });
    const worker = this.worker;
    this.worker = undefined;
    await worker?.terminate();
  }

  private start(): void {
    const worker = new Worker(this.entry, { resourceLimits: { stackSizeMb: this.options.stackSizeMb } });
    worker.unref(); // an idle parser keeps no process alive
    worker.on('message', (answer: Answer) => {
      if (this.worker !== worker) return;
      if (this.options.isReady(answer)) this.ready = true;
      else this.settle({ kind: 'answer', answer });
      this.next();
    });
    // A thread that dies says `error`, then `exit`; one that exits by itself only the latter.
    const died = (error: Error): void => {
      if (this.worker === worker) this.replace({ kind: 'broken', error });
    };
    worker.on('error', died);
    worker.on('exit', (code) => {
      died(new Error(`the thread ended with code ${code}`));
    });
    this.worker = worker;
  }

  private replace(outcome: Outcome<Answer>): void {
    const worker = this.worker;
    const hadStarted = this.ready;
    this.worker = undefined;
    this.ready = false;
    void worker?.terminate();
    this.settle(outcome);
    if (hadStarted) this.next();
    // A thread that cannot even start will not do so at once: whoever waits is told, and the next question tries again.
    else for (const job of this.waiting.splice(0)) job.settle(outcome);
  }

  private settle(outcome: Outcome<Answer>): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const job = this.job;
    this.job = undefined;
    job?.settle(outcome);
  }
}
