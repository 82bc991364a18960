import { hidden, type SessionState, undone, type Unknown } from './state.js';

/** A state while one event is folded into it. Its members are replaced, never changed in place: the state before stays as it was. */
export type Draft = { -readonly [K in keyof SessionState]: SessionState[K] };

export function doubt(draft: Draft, what: readonly Unknown[]): void {
  if (what.every((each) => draft.unknown.includes(each))) return;
  draft.unknown = [...new Set([...draft.unknown, ...what])].sort();
}

export function settle(draft: Draft, what: readonly Unknown[]): void {
  if (draft.unknown.some((each) => what.includes(each))) draft.unknown = draft.unknown.filter((each) => !what.includes(each));
}

/** Something ran that may have changed all that the wire does not report. */
export const doubtAll = (draft: Draft): void => {
  doubt(draft, hidden);
};

/** What a rollback undoes is as well known afterwards as it was before. */
export function restoreDoubt(draft: Draft, before: readonly Unknown[]): void {
  const comesBack = (each: Unknown): boolean => (undone as readonly Unknown[]).includes(each);
  settle(draft, undone);
  doubt(draft, before.filter(comesBack));
}
