import type { Expected, Refused, Running } from './running.js';

export interface OutFrame {
  readonly bytes: Buffer;
  /** What the server answers to it; absent for Flush, CopyData and the like. */
  readonly expected?: Expected;
}

/** What the proxy tells the client alone, when nothing that was sent before is unanswered. */
export type Answer =
  | { readonly kind: 'refusal'; readonly running: Running; readonly refused: Refused; readonly form: 'query' | 'parse' }
  /** ReadyForQuery, to a Sync of which the server never hears. */
  | { readonly kind: 'ready' };

/**
 * Messages that go to the server together, once their record is durable; or an answer that the proxy gives alone, in its place in the
 * order.
 */
export interface Group {
  readonly frames: OutFrame[];
  answer?: Answer;
  ready: boolean;
  readonly sent?: () => void;
}

/** Everything decided and not yet sent, in order: nothing passes a group whose record is not durable. */
export class Outgoing {
  private readonly groups: Group[] = [];

  constructor(
    private readonly send: (frame: OutFrame) => void,
    private readonly answer: (answer: Answer) => void,
  ) {}

  get isEmpty(): boolean {
    return this.groups.length === 0;
  }

  push(group: Group): void {
    this.groups.push(group);
    this.drain();
  }

  drain(): void {
    for (let head = this.groups[0]; head?.ready === true; head = this.groups[0]) {
      this.groups.shift();
      for (const frame of head.frames) this.send(frame);
      if (head.answer) this.answer(head.answer);
      head.sent?.();
    }
  }

  /** Bytes of messages that wait. */
  get bytes(): number {
    return this.groups.reduce((sum, { frames }) => sum + frames.reduce((of, { bytes }) => of + bytes.length, 0), 0);
  }

  /** Takes everything off the list. */
  clear(): readonly Group[] {
    return this.groups.splice(0);
  }

  /** Groups that wait for their record. */
  waiting(): readonly Group[] {
    return this.groups.filter((group) => !group.ready);
  }
}
