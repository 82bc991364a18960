export { canonical, isCanonical, NotCanonical } from './canonical.js';
export { eventBytes, Part, PartName, Text, WireRange, type Withheld } from './envelope.js';
export {
  type Event,
  eventId,
  type EventOf,
  type EventType,
  eventTypes,
  MalformedEvent,
  parseEvent,
  schemaOf,
  serialize,
  topicOf,
  UnknownEvent,
  versionOf,
} from './event.js';
export { commitment, eventHash } from './hash.js';
export { uuidv7 } from './ids.js';
export { decodePartRecord, encodePartRecord, MalformedPart, partChunkBytes, PartHeader, type PartRecord } from './part-record.js';
export { firstOf, isRunValue, type RunKey, runKeys, saysNothing, traceIdOf } from './run.js';
export { By, Durability, isSame, Principal, RunContext } from './session.js';
export { type DecidedOn, StatementFacts, Verdict } from './statement.js';
export { template } from './template.js';
export { type Topic, topics } from './topics.js';
export { type MessageRun, MessageRuns, parseRuns } from './wire.js';
