const compactAt = 1024;

/** First in, first out. Unlike an array's, its `shift` takes no longer the longer it is: a client decides how long that gets. */
export class Queue<T> {
  private items: T[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  /** The item at this distance from the head. */
  at(i: number): T | undefined {
    return this.items[this.head + i];
  }

  push(item: T): void {
    this.items.push(item);
  }

  shift(): T | undefined {
    const item = this.items[this.head];
    if (this.length === 0) return undefined;
    this.head++;
    if (this.head >= compactAt && this.head * 2 >= this.items.length) this.compact();
    return item;
  }

  /** Takes one out of the row. */
  remove(i: number): void {
    this.compact();
    this.items.splice(i, 1);
  }

  /** Takes everything. */
  drain(): readonly T[] {
    this.compact();
    return this.items.splice(0);
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let i = this.head; i < this.items.length; i++) yield this.items[i] as T;
  }

  private compact(): void {
    this.items = this.items.slice(this.head);
    this.head = 0;
  }
}
