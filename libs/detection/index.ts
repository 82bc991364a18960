export { type Alert, alertId, endsSession, evolve, initialState, type WatchState, type WatchStep } from './evolve.js';
export type { Finding, Rule, Severity, Verdict, Watched } from './rule.js';
export { rules } from './rules.js';
