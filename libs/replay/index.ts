export type { HandedRows } from './answer.js';
export { advance, type Advance, evolve } from './evolve.js';
export type { Column } from './frames.js';
export type { Request } from './request.js';
export {
  type Answer,
  type Copy,
  currentRole,
  effective,
  type Handed,
  initialState,
  type Level,
  type Portal,
  type PreparedStatement,
  type Scope,
  type Scoped,
  type SessionState,
  type Setting,
  stateHash,
  type TempTable,
  type Transaction,
  type Unknown,
} from './state.js';
export { type Cell, type Result, type ResultColumn, step, type Step, steps } from './step.js';
export { type Absent, MalformedRecording, type Message, type PartBytes, type Recorded } from './stream.js';
