import type { Event, EventOf, Principal } from '#events';

export type Severity = EventOf<'alert.raised'>['data']['severity'];

/** What is known of a session when a rule is asked about one of its events. */
export interface Watched {
  readonly session: string;
  /** Absent before it is authenticated. */
  readonly principal?: Principal;
  readonly target?: string;
  readonly database?: string;
}

/** What a rule found. */
export interface Finding {
  readonly severity: Severity;
  /** Ids of the events that it rests on, the first one first: the alert's own id comes from that one. */
  readonly inputs: readonly [string, ...string[]];
  /** What was passed, in words. */
  readonly threshold: string;
}

/**
 * A rule: a pure fold over the events of one session, in their order. It tells time by events alone, so a run over the past finds what
 * the run of that day found. A new meaning needs a new `version`.
 */
export interface Rule<State = unknown> {
  readonly id: string;
  readonly version: number;
  readonly title: string;
  readonly initial: State;
  /** @param event each event of a session once */
  evolve(state: State, event: Event, watched: Watched): Verdict<State>;
}

export interface Verdict<State> {
  readonly state: State;
  readonly findings: readonly Finding[];
}
