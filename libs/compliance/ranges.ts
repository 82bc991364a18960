/** A set of whole numbers from 0 up that come nearly in order: kept as ranges, so that a million in a row cost what one does. */
export class Ranges {
  /** Half-open, ascending, with a hole between any two. */
  private readonly ranges: { from: number; to: number }[] = [];
  size = 0;

  /** The highest; −1 when there is none. */
  get last(): number {
    return (this.ranges.at(-1)?.to ?? 0) - 1;
  }

  /** @returns whether it was not there before */
  add(n: number): boolean {
    let at = this.ranges.length;
    while (at > 0 && (this.ranges[at - 1]?.from ?? 0) > n) at--;
    const before = this.ranges[at - 1];
    const after = this.ranges[at];
    if (before && n < before.to) return false;
    this.size++;
    const follows = before?.to === n;
    const precedes = after?.from === n + 1;
    if (follows && precedes) {
      before.to = after.to;
      this.ranges.splice(at, 1);
    } else if (follows) before.to = n + 1;
    else if (precedes) after.from = n;
    else this.ranges.splice(at, 0, { from: n, to: n + 1 });
    return true;
  }
}
