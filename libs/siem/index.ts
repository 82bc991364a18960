export { datastoreActivity, recordBytes, type ShownText } from './datastore-activity.js';
export { endsSession, evolve, initialState, type SessionState, type Step } from './evolve.js';
export type { DatastoreActivity, Unmapped } from './ocsf.js';
export { absent, type Absent, type Recorded, type SqlText } from './recorded.js';
export type { DecidedStatement, EndedStatement, EndingEvent, SessionFacts } from './statement.js';
