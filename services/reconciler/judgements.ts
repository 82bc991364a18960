import type { Judgement } from '#reconciliation';

/** The same for the same judgement in every life. */
export function keyOf(judgement: Judgement): string {
  if (judgement.type === 'bypass.found') return judgement.data.finding;
  const { target, pid, start } = judgement.data;
  return `${target}/${pid}/${start}`;
}
