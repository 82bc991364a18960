import { eventId, type EventOf, type StatementFacts } from '#events';
import type { Finding, Rule, Severity, Verdict } from '../rule.js';

interface State {
  /** Statements that were allowed and have not ended: the event that decided each, by statement number. */
  readonly allowed: ReadonlyMap<number, string>;
  /** Statements that wait for a human: they were found already, whatever comes of them. */
  readonly held: ReadonlySet<number>;
}

/**
 * R01: DROP, TRUNCATE, or an ALTER that drops, attempted by an agent. Denied or held it is found when that is decided; allowed when it
 * ended, and critical if it took effect. What a human approved was found when it was held. One finding a decision, however many
 * statements it is about; an agent's own temporary tables are its own affair.
 */
export const destructiveDdl: Rule<State> = {
  id: 'R01',
  version: 1,
  title: 'Destructive DDL attempted',
  initial: { allowed: new Map(), held: new Set() },
  evolve(state, event, { principal }) {
    if (principal?.kind !== 'agent') return { state, findings: [] };
    if (event.type === 'statement.decided') return decide(state, event);
    if (event.type === 'statement.completed') return complete(state, event);
    if (event.type !== 'session.closed') return { state, findings: [] };
    const unfinished = [...new Set(state.allowed.values())];
    return { state: destructiveDdl.initial, findings: unfinished.map((decision) => finding('high', decision, eventId(event))) };
  },
};

function decide(state: State, event: EventOf<'statement.decided'>): Verdict<State> {
  const { n, statements, verdict, approval } = event.data;
  const found = statements.flatMap((facts, i) => (isDestructive(facts) && !state.held.has(n + i) ? [n + i] : []));
  if (found.length === 0) return { state, findings: [] };
  const id = eventId(event);
  switch (verdict) {
    case 'allow': {
      if (approval !== undefined) return { state, findings: [] };
      return {
        state: { ...state, allowed: new Map([...state.allowed, ...found.map((one) => [one, id] as const)]) },
        findings: [],
      };
    }
    case 'deny':
      return { state, findings: [finding('high', id)] };
    case 'hold':
      return { state: { ...state, held: new Set([...state.held, ...found]) }, findings: [finding('high', id)] };
  }
}

function complete(state: State, event: EventOf<'statement.completed'>): Verdict<State> {
  const { n, outcome } = event.data;
  const decision = state.allowed.get(n);
  if (decision === undefined) {
    const held = new Set(state.held);
    return { state: held.delete(n) ? { ...state, held } : state, findings: [] };
  }
  const allowed = new Map([...state.allowed].filter(([, other]) => other !== decision));
  return {
    state: { ...state, allowed },
    findings: [finding(outcome === 'ok' ? 'critical' : 'high', decision, eventId(event))],
  };
}

const finding = (severity: Severity, ...inputs: Finding['inputs']): Finding => ({
  severity,
  inputs,
  threshold: 'one DROP, TRUNCATE or dropping ALTER by an agent',
});

/** The facts tell by the risk `drop` that an ALTER drops something. */
function isDestructive({ verb, writes, risks }: StatementFacts): boolean {
  const drops = /^(DROP|TRUNCATE)\b/.test(verb) || (verb.startsWith('ALTER ') && risks.includes('drop'));
  const isOwn = writes.length > 0 && writes.every((name) => name.startsWith('pg_temp.'));
  return drops && !isOwn;
}
