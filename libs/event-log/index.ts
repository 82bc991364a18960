export {
  type Consumption,
  type From,
  LogCorrupt,
  LogFailed,
  LogFull,
  LogGap,
  LogLocked,
  LogReader,
  type LogRecord,
  LogWriter,
  type Reach,
  type StoredRecord,
} from './port.js';
export { MemoryLog } from './memory-log.js';
export { openSegmentLog, type SegmentLog, type SegmentLogOptions } from './segment-log.js';
export { SegmentReader, type SegmentReaderOptions } from './segment-reader.js';
export type { Files, OpenFile, OpenMode } from './files.js';
export type { Draft, DraftPart } from './draft.js';
export type { Need, Settled } from './backlog.js';
export { Journal, type JournalOptions, type Predecessor } from './journal.js';
export { EventTooBig } from './seal.js';
export { type KafkaLog, type KafkaOptions, partitionOf } from './kafka.js';
export { createTopics, type TopicShape, topicShapes } from './kafka-topics.js';
export { KafkaReader } from './kafka-reader.js';
export { Shipper, type ShipperOptions } from './shipper.js';
export { kafkaOptions, type KafkaSettings, type LogClient, type LogSettings, openOwnReader, openReader } from './open.js';
export { type Shipping, startShipping } from './shipping.js';
export { randomPool } from './random-pool.js';
export { readPredecessor } from './predecessor.js';
