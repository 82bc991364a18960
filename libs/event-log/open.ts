import { readFileSync } from 'node:fs';
import type { KafkaLog, KafkaOptions } from './kafka.js';
import { KafkaReader } from './kafka-reader.js';
import { SegmentReader } from './segment-reader.js';

/** The event log of an installation, as its configuration file says. */
export interface LogSettings {
  readonly dataDir: string;
  readonly kafka?: KafkaSettings | undefined;
}

export interface KafkaSettings {
  /** `host:port`, one or more. */
  readonly brokers: readonly string[];
  /** Given, even empty: connect by TLS. `ca` is the path of a PEM file. */
  readonly tls?: { readonly ca?: string | undefined } | undefined;
  readonly sasl?:
    | {
        readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
        readonly username: string;
        readonly password: { readonly reveal: () => string };
      }
    | undefined;
}

/** Who connects, and where its client tells what it goes on from by itself. */
export interface LogClient {
  /** Also the name of its outbox. */
  readonly service: string;
  readonly log: KafkaLog;
}

/** @throws an error of the file system when the CA's file cannot be read */
export function kafkaOptions({ brokers, tls, sasl }: KafkaSettings, { service, log }: LogClient): KafkaOptions {
  return {
    brokers,
    clientId: `sallyport-${service}`,
    log,
    ...(tls && { ssl: tls.ca === undefined ? true : { ca: readFileSync(tls.ca, 'utf8') } }),
    // The client has one type per mechanism, the configuration one of three mechanisms.
    ...(sasl && { sasl: { ...sasl, password: sasl.password.reveal() } as NonNullable<KafkaOptions['sasl']> }),
  };
}

/** Reads the event log: with brokers configured Kafka and nothing else, the outboxes of the data directory otherwise. */
export const openReader = ({ dataDir, kafka }: LogSettings, client: LogClient): KafkaReader | SegmentReader =>
  kafka ? new KafkaReader(kafkaOptions(kafka, client)) : new SegmentReader({ dataDir });

/** Reads what a service itself has written, which is on its own disk in either form. */
export const openOwnReader = ({ dataDir }: LogSettings, service: string): SegmentReader =>
  new SegmentReader({ dataDir, only: service });
