import { createHash } from 'node:crypto';
import { canonical, type Event, type EventOf, topicOf, topics } from '#events';
import type { Finding, Rule, Watched } from './rule.js';

export type Alert = EventOf<'alert.raised'>['data'];

/** A session under every rule. Never changed in place. */
export interface WatchState {
  /** Of the last event folded: one that is delivered again changes nothing. */
  readonly seq: number;
  readonly watched: Watched;
  /** One a rule, in the order of the rules. */
  readonly states: readonly unknown[];
}

export interface WatchStep {
  readonly state: WatchState;
  readonly alerts: readonly Alert[];
}

export const initialState = (rules: readonly Rule[], session: string): WatchState => ({
  seq: -1,
  watched: { session },
  states: rules.map(({ initial }) => initial),
});

/** Folds a session's next event under every rule. The events are those of one session and of the topic of events, in order. */
export function evolve(rules: readonly Rule[], state: WatchState, event: Event): WatchStep {
  if (event.seq <= state.seq || topicOf(event.type) !== topics.events) return { state, alerts: [] };
  const watched = event.type === 'session.authenticated' ? identify(state.watched, event) : state.watched;
  const verdicts = rules.map((rule, i) => ({ rule, ...rule.evolve(state.states[i], event, watched) }));
  return {
    state: { seq: event.seq, watched, states: verdicts.map((verdict) => verdict.state) },
    alerts: verdicts.flatMap(({ rule, findings }) => findings.map((finding) => alertOf(rule, finding, watched, event))),
  };
}

/** Whether nothing of the session comes after this event. */
export const endsSession = ({ type }: Event): boolean => type === 'session.closed' || type === 'session.refused';

function identify(watched: Watched, { data }: EventOf<'session.authenticated'>): Watched {
  const { principal, target, database } = data;
  return { ...watched, principal, target, database };
}

function alertOf({ id, version, title }: Rule, finding: Finding, { session, principal }: Watched, event: Event): Alert {
  const by = principal && { issuer: principal.issuer, subject: principal.subject };
  return {
    alert: alertId(id, version, by ? [by.issuer, by.subject] : [session], finding.inputs[0]),
    rule: id,
    ruleVersion: version,
    severity: finding.severity,
    title,
    ...(by && { principal: by }),
    // What a producer says by itself is of no session.
    ...(session !== event.producer && { session }),
    inputs: [...finding.inputs],
    threshold: finding.threshold,
    eventTime: event.at,
  };
}

/**
 * SHA-256 in hex over the canonical JSON of rule, version, key and first event: the same in every run over the same events.
 * @param key whom it is about: issuer and subject, or the session where nobody is known
 */
export function alertId(rule: string, version: number, key: readonly string[], firstEvent: string): string {
  return createHash('sha256')
    .update(canonical([rule, version, key, firstEvent]))
    .digest('hex');
}
