import type { Parsed } from '../written.js';

/** What a parser's thread is asked: one thing at a time. */
export interface Question {
  readonly ask: 'parse' | 'redact';
  readonly sql: Uint8Array;
}

export type Answer =
  | { readonly ask: 'ready' }
  | { readonly ask: 'parse'; readonly parsed: Parsed }
  | { readonly ask: 'redact'; readonly redacted: string | undefined };
