/**
 * Adds bytes to a list of stretches, as one with the last where they lie side by side in memory: a run of messages cut from one chunk
 * stays one stretch of it.
 */
export function appendStretch(list: Buffer[], bytes: Buffer): void {
  const last = list.at(-1);
  if (last?.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset) {
    list[list.length - 1] = Buffer.from(bytes.buffer, last.byteOffset, last.length + bytes.length);
  } else {
    list.push(bytes);
  }
}

/** Passes bytes on in as few writes as their place in memory allows. */
export class Stretches {
  private waiting: Buffer[] = [];

  constructor(private readonly write: (bytes: Buffer) => void) {}

  add(bytes: Buffer): void {
    appendStretch(this.waiting, bytes);
  }

  flush(): void {
    const ready = this.waiting;
    if (ready.length === 0) return;
    this.waiting = [];
    for (const bytes of ready) this.write(bytes);
  }
}
