import { topics } from '#events';
import type { LogReader, LogWriter } from '#event-log';
import { RecordSink, type SiemRecord, type Source } from './sink.js';

const topic = topics.ocsfDatastoreActivity;

/**
 * Writes records to the exporter's own outbox, from where they are shipped if Kafka is the event log. A write is all or nothing there, a
 * session's events come in the order of their numbers, and each record names its event: so what the outbox holds is the position, in
 * whatever partitions the log has the events and however often it brings them. Nothing is written twice.
 */
export class OutboxSink extends RecordSink {
  /** The number of the last event whose records are written, by session. One proxy's life writes all of a session. */
  private readonly written = new Map<string, number>();

  constructor(
    private readonly log: LogWriter,
    private readonly reader: LogReader,
  ) {
    super();
  }

  async resume(): Promise<void> {
    await this.reader.consume({
      name: 'exporter: what is written',
      topics: [topic],
      from: () => 0,
      until: 'end',
      signal: new AbortController().signal,
      each: (batch) => {
        for (const { partition, key, value } of batch) if (partition === this.log.log) this.note(key, pseqOf(value));
        return Promise.resolve();
      },
    });
  }

  isWritten({ session, pseq }: Pick<Source, 'session' | 'pseq'>): boolean {
    return pseq <= (this.written.get(session) ?? -1);
  }

  async write(records: readonly SiemRecord[]): Promise<void> {
    await this.log.write(
      records.map(({ key, value }) => ({ topic, key, value })),
      'disk',
    );
    for (const { key, source } of records) this.note(key, source.pseq);
  }

  close(): Promise<void> {
    return this.log.close();
  }

  private note(session: string, pseq: number): void {
    if (!this.isWritten({ session, pseq })) this.written.set(session, pseq);
  }
}

/** `metadata.uid` is `<producer>/<pseq>/<n>`. */
function pseqOf(value: Buffer): number {
  const { metadata } = JSON.parse(value.toString('utf8')) as { metadata: { uid: string } };
  return Number(metadata.uid.split('/')[1]);
}
