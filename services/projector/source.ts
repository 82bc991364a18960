import { KafkaReader, type LogReader, openReader } from '#event-log';
import type { Config, Logger } from '#runtime';

/** The log to be projected, and what names it where its partitions are mere numbers. */
export interface Source {
  readonly reader: LogReader;
  readonly cluster?: string;
}

export async function openSource(config: Config<'projector'>, log: Logger): Promise<Source> {
  const reader = openReader(config, { service: 'projector', log });
  return reader instanceof KafkaReader ? { reader, cluster: await reader.cluster() } : { reader };
}
