import { topics } from '#events';
import type { LogReader, LogWriter } from '#event-log';
import { RecordSink, type SiemRecord, type Source } from './sink.js';

const topic = topics.ocsfDatastoreActivity;

/**
 * Writes records to the exporter's own outbox. A write is all or nothing there, an outbox gives the events of one producer in the order
 * of their numbers, and each record names its event: so what the outbox holds is the position, and nothing is written twice.
 */
export class OutboxSink extends RecordSink {
  /** The number of the last event whose records are written, by producer. */
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
        for (const { partition, value } of batch) if (partition === this.log.log) this.note(sourceOf(value));
        return Promise.resolve();
      },
    });
  }

  isWritten({ producer, pseq }: Pick<Source, 'producer' | 'pseq'>): boolean {
    return pseq <= (this.written.get(producer) ?? -1);
  }

  async write(records: readonly SiemRecord[]): Promise<void> {
    await this.log.write(
      records.map(({ key, value }) => ({ topic, key, value })),
      'disk',
    );
    for (const { source } of records) this.note(source);
  }

  close(): Promise<void> {
    return this.log.close();
  }

  private note(source: Pick<Source, 'producer' | 'pseq'>): void {
    if (!this.isWritten(source)) this.written.set(source.producer, source.pseq);
  }
}

/** `metadata.uid` is `<producer>/<pseq>/<n>`. */
function sourceOf(value: Buffer): Pick<Source, 'producer' | 'pseq'> {
  const { metadata } = JSON.parse(value.toString('utf8')) as { metadata: { uid: string } };
  const [producer = '', pseq] = metadata.uid.split('/');
  return { producer, pseq: Number(pseq) };
}
