export type { Served } from './backend.js';
export { type Cut, type LogFormat, RecordCutter } from './cutter.js';
export { type Exception, type Judgement, Reconciliation, type Rules, type Tally } from './reconciliation.js';
export { type NativeFacts, type NativeRecord, readRecord } from './record.js';
export { clockOffset, place, type Placed } from './timeline.js';
