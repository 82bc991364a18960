import { type Consumption, LogReader, type LogRecord, type StoredRecord } from '#event-log';

/** Delivers records of one partition as a script says: in pieces of which lengths, and how many records each piece repeats. */
export class ScriptedReader extends LogReader {
  private readonly stored: readonly StoredRecord[];

  constructor(
    records: readonly LogRecord[],
    private readonly script: { readonly pieces: readonly number[]; readonly repeat?: number },
    readonly partition = '019c0000-0000-7000-8000-0000000000bb',
  ) {
    super();
    const offsets = new Map<string, number>();
    this.stored = records.map((record) => {
      const offset = offsets.get(record.topic) ?? 0;
      offsets.set(record.topic, offset + 1);
      return { ...record, partition, offset };
    });
  }

  async consume({ topics, from, each }: Consumption): Promise<void> {
    const first = new Map<string, number>();
    for (const topic of topics) first.set(topic, await from(topic, this.partition));
    const wanted = this.stored.filter(({ topic, offset }) => offset >= (first.get(topic) ?? Infinity));
    const { pieces, repeat = 0 } = this.script;
    for (let at = 0, i = 0; at < wanted.length; i++) {
      const length = pieces[i % pieces.length] ?? 1;
      await each(wanted.slice(Math.max(0, at - repeat), at + length));
      at += length;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
