export { type AlertFilter, type AlertKey, alertsPage } from './alerts.js';
export { ClickHouse, type ClickHouseOptions, ClickHouseRejected, ClickHouseUnavailable } from './connection.js';
export { type EventRow, type PartRow, partsOfEvents, recordedEvents, sessionEvents } from './events.js';
export { SessionFold, SessionGap, type SessionRows } from './fold/session-fold.js';
export { nextOffset, type Progress, projectedThrough } from './progress.js';
export { projectionRoot } from './projection-root.js';
export { dedupToken, eventRow, partRow, type Position, undecodableEventRow, undecodablePartRow } from './raw.js';
export {
  type Access,
  accesses,
  type Period,
  producerLives,
  type ProducerLife,
  sessionsWithGaps,
  type SessionWithGaps,
  type Totals,
  totals,
} from './report.js';
export { AlertRow, SessionRow, StatementRow, TextRow } from './rows.js';
export { sessionById, type SessionFilter, type SessionKey, sessionsPage } from './sessions.js';
export { type StatementFilter, type StatementKey, statementsOfSession, statementsPage } from './statements.js';
export type { StatementWithText } from './texts.js';
