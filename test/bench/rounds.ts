/** What was measured on each path, by its name, round by round. */
export type Rounds<T> = ReadonlyMap<string, readonly T[]>;

/**
 * Measures every path once a round, odd rounds in reverse: what drifts while the bench runs drifts for all of them.
 */
export async function interleave<P extends { readonly name: string }, T>(
  paths: readonly P[],
  rounds: number,
  measure: (path: P) => Promise<T>,
): Promise<Rounds<T>> {
  const measured = new Map<string, T[]>(paths.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const path of round % 2 === 0 ? paths : [...paths].reverse()) measured.get(path.name)?.push(await measure(path));
  return measured;
}

/** The median of the ratios inside the rounds; two numbers of different rounds are never compared. */
export function ratio<T>(rounds: Rounds<T>, path: string, to: string, value: (measured: T) => number): number | undefined {
  const [over, under] = [rounds.get(path), rounds.get(to)];
  if (!over || !under) return undefined;
  return median(over.map((measured, round) => value(measured) / value(under[round] as T)));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return Number.isInteger(middle)
    ? ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2
    : (sorted[Math.floor(middle)] ?? NaN);
}
