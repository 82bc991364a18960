import type { SessionState } from '../api/client.js';

export const transactionSaid: Record<NonNullable<SessionState['transaction']['status']>, string> = {
  I: 'outside of a transaction',
  T: 'in a transaction',
  E: 'in a failed transaction',
};

export type Unknown = SessionState['unknown'][number];

/** What the wire does not tell, in the words of who reads the state. */
export const unknownSaid: Record<Unknown, string> = {
  portals: 'portals',
  prepared: 'prepared statements',
  role: 'role',
  search_path: 'search_path',
  settings: 'settings',
  'temp tables': 'temporary tables',
  answers: 'answers under way',
  gap: 'events are missing before this step',
  savepoints: 'savepoints',
  tail: 'what happened after the last event',
  transaction: 'whether a transaction is open',
};
