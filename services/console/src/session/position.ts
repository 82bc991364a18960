import { useState } from 'react';
import type { StepLine } from '../api/client.js';
import { navigate } from '../router/location.js';
import { sessionUrl, stepUrl } from '../router/route.js';

/** Where in a session the address points to. */
export interface Address {
  readonly id: string;
  readonly seq: number | undefined;
}

/** Whether the page follows the newest step: of a session that is live, or was when it was opened, while no step is chosen. */
export function useFollowing({ seq }: Address, isLive: boolean): boolean {
  const [wasLive, setWasLive] = useState(isLive);
  if (isLive && !wasLive) setWasLive(true);
  return wasLive && seq === undefined;
}

/** The step that is shown; undefined until the steps are known. */
export function currentSeq({ seq }: Address, lines: readonly StepLine[], isFollowing: boolean): number | undefined {
  if (seq !== undefined) return seq;
  return (isFollowing ? lines.at(-1) : lines[0])?.seq;
}

export interface Moves {
  readonly to: (seq: number) => void;
  readonly first: () => void;
  readonly previous: () => void;
  readonly next: () => void;
  readonly last: () => void;
  /** Shows the newest step from now on. */
  readonly follow: () => void;
}

/** The ways to another step. Stepping leaves one entry in the browser's history, not one a step. */
export function movesOf(
  id: string,
  current: number | undefined,
  { first, last }: { readonly first: number; readonly last: number },
): Moves {
  const to = (seq: number): void => {
    navigate(stepUrl(id, Math.min(Math.max(seq, first), last)), 'replace');
  };
  const by = (step: number) => (): void => {
    if (current !== undefined) to(current + step);
  };
  return {
    to,
    first: () => {
      to(first);
    },
    previous: by(-1),
    next: by(1),
    last: () => {
      to(last);
    },
    follow: () => {
      navigate(sessionUrl(id), 'replace');
    },
  };
}
