/** What a check of an answer found: it is fine, with what there is to tell, or what is wrong and what to do about it. */
export type Finding =
  { readonly kind: 'fine'; readonly told: string } | { readonly kind: 'problem'; readonly what: string; readonly todo: string };

export const fine = (told: string): Finding => ({ kind: 'fine', told });
export const problem = (what: string, todo: string): Finding => ({ kind: 'problem', what, todo });

/** The first problem; where there is none, all that was told. */
export function allOf(findings: readonly Finding[]): Finding {
  const wrong = findings.find(({ kind }) => kind === 'problem');
  return wrong ?? fine(findings.flatMap((found) => (found.kind === 'fine' ? found.told : [])).join('\n'));
}
