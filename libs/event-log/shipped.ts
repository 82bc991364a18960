import path from 'node:path';
import { type Topic, topics } from '#events';
import { z } from 'zod';
import { type Files, readSmall, replaceFile } from './files.js';
import { LogCorrupt } from './port.js';

const Shipped = z.strictObject({
  log: z.uuid(),
  cluster: z.string(),
  next: z.partialRecord(z.enum(Object.values(topics)), z.int().min(0)),
});

/**
 * How far an outbox was shipped to a cluster, in its file `shipped`: the first offset of each topic that is not known to be
 * acknowledged. A cluster that was made anew has another id, and gets everything again.
 */
export class ShippedFile {
  private readonly next = new Map<Topic, number>();

  private constructor(
    private readonly files: Files,
    private readonly file: string,
    private readonly log: string,
    private readonly cluster: string,
  ) {}

  /** @throws LogCorrupt when it is unreadable, or another log's */
  static async read(files: Files, dir: string, log: string, cluster: string): Promise<ShippedFile> {
    const shipped = new ShippedFile(files, path.join(dir, 'shipped'), log, cluster);
    const bytes = await readSmall(files, shipped.file);
    if (!bytes) return shipped;
    const content = Shipped.safeParse(parseJson(bytes));
    if (!content.success || content.data.log !== log)
      throw new LogCorrupt(shipped.file, 0, 'it does not say how far this log was shipped');
    if (content.data.cluster !== cluster) return shipped;
    for (const [topic, next] of Object.entries(content.data.next)) shipped.next.set(topic as Topic, next);
    return shipped;
  }

  of(topic: Topic): number {
    return this.next.get(topic) ?? 0;
  }

  set(topic: Topic, next: number): void {
    this.next.set(topic, next);
  }

  write(): Promise<void> {
    const content = { log: this.log, cluster: this.cluster, next: Object.fromEntries(this.next) };
    return replaceFile(this.files, this.file, Buffer.from(`${JSON.stringify(content)}\n`));
  }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
