import { readFileSync } from 'node:fs';
import { type KafkaOptions, KafkaReader, type LogReader, SegmentReader } from '#event-log';
import type { Config } from '#runtime';

/** The log to be projected, and what names it where its partitions are mere numbers. */
export interface Source {
  readonly reader: LogReader;
  readonly cluster?: string;
}

/** With brokers configured, Kafka and nothing else; the outboxes of the data directory otherwise. */
export async function openSource({ dataDir, kafka }: Config<'projector'>, report: (message: string) => void): Promise<Source> {
  if (!kafka) return { reader: new SegmentReader({ dataDir }) };
  const { brokers, tls, sasl } = kafka;
  const reader = new KafkaReader({
    brokers,
    clientId: 'sallyport-projector',
    report,
    ...(tls && { ssl: tls.ca === undefined ? true : { ca: readFileSync(tls.ca, 'utf8') } }),
    // The client has one type per mechanism, the configuration one of three mechanisms.
    ...(sasl && { sasl: { ...sasl, password: sasl.password.reveal() } as NonNullable<KafkaOptions['sasl']> }),
  });
  return { reader, cluster: await reader.cluster() };
}
