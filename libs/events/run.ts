import type { RunContext } from './session.js';

/** What a run context may say, in the order in which it is shown. */
export const runKeys = ['run', 'conversation', 'toolCall', 'traceparent'] as const;
export type RunKey = (typeof runKeys)[number];

const longest = 256;
// Control characters would be somebody's terminal's commands.
const shown = /^[^\p{Cc}\p{Cs}]+$/u;
/** W3C Trace Context, level 2: version 00 has four fields, a later one may have more behind them. */
const traceparent = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

/** Whether a text can be such a value: 1 to 256 characters, none of them a control character; a traceparent as W3C writes it. */
export function isRunValue(key: RunKey, text: string): boolean {
  if (text.length > longest || !shown.test(text)) return false;
  if (key !== 'traceparent') return true;
  const [, version, , more] = traceparent.exec(text) ?? [];
  return version !== undefined && (version !== '00' || more === undefined);
}

/** The trace's id in a traceparent. */
export const traceIdOf = (text: string): string | undefined => traceparent.exec(text)?.[2];

/** Each value from the first that has it: so what an issuer vouches for is never replaced by a claim. */
export function firstOf(...contexts: readonly RunContext[]): RunContext {
  const merged: RunContext = {};
  for (const key of runKeys) {
    const said = contexts.find((context) => context[key] !== undefined)?.[key];
    if (said) merged[key] = said;
  }
  return merged;
}

/** Whether it says nothing. */
export const saysNothing = (context: RunContext): boolean => runKeys.every((key) => context[key] === undefined);
