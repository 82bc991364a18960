import type { EventOf } from '#events';

export type ExplainedBy = EventOf<'native.explained'>['data']['by'];

/** A connection that the proxy made, and when: by its own clock, in unix milliseconds. */
export interface Connection {
  readonly pid: number;
  readonly from: number;
  readonly to: number;
  readonly by: ExplainedBy;
  /** The event that says so. */
  readonly id: string;
}

/** Log times are cut to whole seconds where they tell of a backend's beginning. */
const secondMs = 1000;

/** The proxy's connections to one target, by the pid of the backend that answered. */
export class Connections {
  private readonly byPid = new Map<number, Connection[]>();

  constructor(private readonly skewMs: number) {}

  add(connection: Connection): void {
    const known = this.byPid.get(connection.pid) ?? [];
    if (known.some(({ id }) => id === connection.id)) return;
    this.byPid.set(connection.pid, [...known, connection]);
  }

  remove({ pid, id }: Connection): void {
    const left = (this.byPid.get(pid) ?? []).filter((other) => other.id !== id);
    if (left.length > 0) this.byPid.set(pid, left);
    else this.byPid.delete(pid);
  }

  /**
   * The connection that a backend served. A pid is used again: a connection is of the backend that began nearest to it, within the
   * tolerance.
   * @param starts when the backends of this pid began, by the server's clock
   */
  servedBy(pid: number, start: number, starts: readonly number[]): Connection | undefined {
    return this.byPid.get(pid)?.find((connection) => this.nearest(connection, starts) === start);
  }

  private nearest({ from, to }: Connection, starts: readonly number[]): number | undefined {
    const distance = (start: number): number => Math.abs(start + secondMs / 2 - from);
    return starts
      .filter((start) => start >= from - this.skewMs - secondMs && start <= to + this.skewMs)
      .sort((a, b) => distance(a) - distance(b) || a - b)[0];
  }
}
