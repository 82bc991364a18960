/**
 * The tables, as steps that are taken once each and in order, and may be taken again without harm.
 *
 * A copy of a row always lands in its partition, because that is made from the event's own time: ReplacingMergeTree never
 * replaces across partitions. Ids are text: the type UUID sorts by its low half. The bytes of a part stand in `parts` alone,
 * so that erasing them there erases them.
 */
export const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE IF NOT EXISTS events (
      log LowCardinality(String), topic LowCardinality(String), part LowCardinality(String), off UInt64 CODEC(Delta, ZSTD(1)),
      at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)), session String CODEC(ZSTD(1)), seq UInt64 CODEC(Delta, ZSTD(1)),
      producer LowCardinality(String), pseq UInt64 CODEC(Delta, ZSTD(1)), type LowCardinality(String), v UInt32,
      canonBase64 String EPHEMERAL, canon String DEFAULT base64Decode(canonBase64) CODEC(ZSTD(3)),
      hashHex String EPHEMERAL, hash FixedString(32) DEFAULT unhex(hashHex),
      INDEX bySession session TYPE bloom_filter GRANULARITY 1, INDEX byPseq pseq TYPE minmax GRANULARITY 1
    ) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(at) ORDER BY (log, topic, part, off)
    SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1`,

    `CREATE TABLE IF NOT EXISTS parts (
      log LowCardinality(String), topic LowCardinality(String), part LowCardinality(String), off UInt64,
      producer LowCardinality(String), pseq UInt64, name LowCardinality(String), i UInt32, n UInt32,
      saltHex String EPHEMERAL, salt FixedString(32) DEFAULT unhex(saltHex),
      bytesBase64 String EPHEMERAL, bytes String DEFAULT base64Decode(bytesBase64) CODEC(ZSTD(3)),
      text String CODEC(ZSTD(3))
    ) ENGINE = ReplacingMergeTree(off) ORDER BY (name, producer, pseq, i)
    SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1`,

    `CREATE TABLE IF NOT EXISTS sessions (
      session String, version UInt64, producer LowCardinality(String),
      openedAt DateTime64(3, 'UTC'), lastAt DateTime64(3, 'UTC'), endedAt Nullable(DateTime64(3, 'UTC')),
      status LowCardinality(String), clientAddress String, clientPort UInt16, user String, application Nullable(String),
      issuer LowCardinality(Nullable(String)), subject Nullable(String), kind LowCardinality(Nullable(String)), groups Array(String),
      login LowCardinality(Nullable(String)), target LowCardinality(Nullable(String)), database LowCardinality(String),
      durability LowCardinality(Nullable(String)), policy Nullable(String), backend Nullable(Int32), serverVersion Nullable(String),
      reason LowCardinality(Nullable(String)), detail Nullable(String), sqlstate LowCardinality(Nullable(String)), tailUnknown Bool,
      statements UInt64, allowed UInt64, denied UInt64, held UInt64, failed UInt64, masked UInt64, rows UInt64, bytes UInt64,
      missingEvents UInt64, lostBytes UInt64
    ) ENGINE = ReplacingMergeTree(version) PARTITION BY toYYYYMM(openedAt) ORDER BY session`,

    `CREATE TABLE IF NOT EXISTS statements (
      session String, n UInt64, version UInt64, producer LowCardinality(String), at DateTime64(3, 'UTC'), seq UInt64,
      issuer LowCardinality(Nullable(String)), subject Nullable(String), kind LowCardinality(Nullable(String)),
      target LowCardinality(Nullable(String)), database LowCardinality(String), role LowCardinality(Nullable(String)),
      form LowCardinality(Nullable(String)), textN UInt64, textFrom Nullable(UInt64), textTo Nullable(UInt64),
      verb LowCardinality(String), effects Array(LowCardinality(String)), reads Array(String), writes Array(String),
      functions Array(String), unbounded Bool, risks Array(String), masked Array(String),
      verdict LowCardinality(Nullable(String)), rule LowCardinality(Nullable(String)), why Nullable(String), policy Nullable(String),
      approval Nullable(String), heldUntil Nullable(DateTime64(3, 'UTC')),
      outcome LowCardinality(Nullable(String)), endedAt Nullable(DateTime64(3, 'UTC')), tag Nullable(String),
      rows UInt64, bytes UInt64, sqlstate LowCardinality(Nullable(String)), us Nullable(UInt64)
    ) ENGINE = ReplacingMergeTree(version) PARTITION BY toYYYYMM(at) ORDER BY (session, n)`,

    `CREATE TABLE IF NOT EXISTS texts (session String, n UInt64, producer LowCardinality(String), pseq UInt64)
    ENGINE = ReplacingMergeTree ORDER BY (session, n)`,

    `CREATE TABLE IF NOT EXISTS alerts (
      alert String, rule LowCardinality(String), ruleVersion UInt64, severity LowCardinality(String), title String,
      issuer LowCardinality(Nullable(String)), subject Nullable(String), session Nullable(String), inputs Array(String),
      threshold String, eventTime DateTime64(3, 'UTC')
    ) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(eventTime) ORDER BY alert`,
  ],
  ['sessions', 'statements'].map(
    (table) => `ALTER TABLE ${table}
      ADD COLUMN IF NOT EXISTS actors Array(String), ADD COLUMN IF NOT EXISTS actorIssuers Array(String),
      ADD COLUMN IF NOT EXISTS run Nullable(String), ADD COLUMN IF NOT EXISTS conversation Nullable(String),
      ADD COLUMN IF NOT EXISTS toolCall Nullable(String), ADD COLUMN IF NOT EXISTS traceparent Nullable(String),
      ADD COLUMN IF NOT EXISTS verified Array(LowCardinality(String))`,
  ),
  ['ALTER TABLE sessions ADD COLUMN IF NOT EXISTS policyRole LowCardinality(Nullable(String))'],
];
