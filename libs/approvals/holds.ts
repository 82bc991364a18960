import { type By, isSame } from '#events';

/** Every approval that was asked for, and who is at which session. Folded from events; never changed in place. */
export interface Holds {
  readonly approvals: ReadonlyMap<string, Approval>;
  /** By session, as long as it is open. */
  readonly askers: ReadonlyMap<string, Asker>;
}

/** Who is at a session: on whose behalf, and who acts. */
export interface Asker {
  readonly principal: By;
  /** The present actor first; none: the principal itself. */
  readonly actors: readonly By[];
}

export interface Approval {
  readonly id: string;
  /** What is held; null while only votes were read, which come over another topic. */
  readonly held: Held | null;
  /** The latest vote of each voter, whether it counts or not. */
  readonly votes: readonly Vote[];
  /** The statement that ran under it: there is never another. */
  readonly consumed: { readonly session: string; readonly n: number; readonly at: number } | null;
  /** The client cancelled, left, or got its answer while it waited. */
  readonly released: boolean;
}

export interface Held {
  readonly session: string;
  readonly n: number;
  /** Neither the principal nor an actor may ever vote on it. Null where the log did not tell: then nobody may. */
  readonly asker: Asker | null;
  readonly approvers: readonly string[];
  readonly binding: string;
  readonly mode: 'wait' | 'retry';
  readonly quorum: number;
  /** Unix milliseconds. */
  readonly since: number;
  readonly until: number;
}

export interface Vote {
  readonly kind: 'granted' | 'denied' | 'withdrawn';
  readonly by: By;
  readonly groups: readonly string[];
  readonly binding: string;
  readonly reason: string | null;
  readonly at: number;
  /** `<producer>/<pseq>`. */
  readonly event: string;
}

export const noHolds: Holds = { approvals: new Map(), askers: new Map() };

/** Whether someone asked for it themselves, or has an agent that did, or is that agent. */
export const isAsker = ({ principal, actors }: Asker, by: By): boolean =>
  isSame(principal, by) || actors.some((actor) => isSame(actor, by));
