type Block<T> = ReadonlyMap<number, T>;

/**
 * An immutable map by number, for numbers that lie close together: a change copies two blocks of 64, however many there are. So a
 * pipeline of a million statements is folded in a million small steps.
 */
export class Numbered<T> {
  private constructor(private readonly blocks: Block<Block<Block<T>>>) {}

  static empty<T>(): Numbered<T> {
    return new Numbered<T>(new Map());
  }

  get(n: number): T | undefined {
    return this.blocks.get(high(n))?.get(middle(n))?.get(low(n));
  }

  set(n: number, value: T): Numbered<T> {
    const outer = this.blocks.get(high(n));
    const inner = outer?.get(middle(n));
    return new Numbered(put(this.blocks, high(n), put(outer, middle(n), put(inner, low(n), value))));
  }

  delete(n: number): Numbered<T> {
    const outer = this.blocks.get(high(n));
    const inner = outer?.get(middle(n));
    if (!outer || !inner) return this;
    return new Numbered(replace(this.blocks, high(n), replace(outer, middle(n), without(inner, low(n)))));
  }

  /** In the order of their numbers. */
  values(): T[] {
    return inOrder(this.blocks).flatMap((outer) => inOrder(outer).flatMap(inOrder));
  }
}

const high = (n: number): number => Math.floor(n / 4096);
const middle = (n: number): number => Math.floor(n / 64) % 64;
const low = (n: number): number => n % 64;

const put = <T>(block: Block<T> | undefined, at: number, value: T): Block<T> => new Map(block).set(at, value);

function without<T>(block: Block<T>, at: number): Block<T> {
  const rest = new Map(block);
  rest.delete(at);
  return rest;
}

/** An empty block is no block. */
const replace = <T>(block: Block<Block<T>>, at: number, inner: Block<T>): Block<Block<T>> =>
  inner.size === 0 ? without(block, at) : put(block, at, inner);

const inOrder = <T>(block: Block<T>): T[] => [...block].sort(([a], [b]) => a - b).map(([, value]) => value);
