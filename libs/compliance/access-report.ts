import type { Gap } from './gaps.js';

/** Unix milliseconds: from `since` on, before `until`. */
export interface Period {
  readonly since: number;
  readonly until: number;
}

/** What someone did, in one role, to one relation, by one command and verdict. Times are Unix milliseconds. */
export interface AccessRow {
  readonly issuer: string | null;
  readonly subject: string | null;
  readonly kind: string | null;
  readonly target: string | null;
  readonly database: string;
  /** The database role that it ran as. */
  readonly role: string | null;
  /** `schema.name`. */
  readonly relation: string;
  readonly access: 'read' | 'write';
  readonly verb: string;
  /** Of the last decision; null where it is not on record. */
  readonly verdict: 'allow' | 'deny' | 'hold' | null;
  readonly statements: number;
  /** Of these, the ones that a human approved. */
  readonly approved: number;
  /** Allowed, and ended in an error. */
  readonly failed: number;
  /** Allowed, and never completed as far as the log says. */
  readonly unfinished: number;
  /** Those that read masked columns. */
  readonly masked: number;
  /** Rows handed to the client. Those of a statement over two relations count for both. */
  readonly rows: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

/** Every statement of the period once, those too that touch no relation. */
export interface Totals {
  readonly sessions: number;
  readonly statements: number;
  readonly allowed: number;
  readonly denied: number;
  readonly held: number;
  readonly rows: number;
}

/** Who did what to which table in a period, and what is missing from that. A statement belongs to when it was first decided. */
export interface AccessReport {
  readonly period: Period;
  readonly rows: readonly AccessRow[];
  readonly totals: Totals;
  readonly gaps: readonly Gap[];
}

const keys = ['issuer', 'subject', 'kind', 'target', 'database', 'role', 'relation', 'access', 'verb', 'verdict'] as const;

/** What a row is counted under. */
export type AccessKey = Pick<AccessRow, (typeof keys)[number]>;
export const keyOf = (row: AccessKey): string => JSON.stringify(keys.map((key) => row[key]));

/** By their keys, in the order of their bytes: the same on every machine. */
export const inOrder = (rows: readonly AccessRow[]): AccessRow[] =>
  rows
    .map((row) => ({ row, key: Buffer.from(keyOf(row)) }))
    .sort((a, b) => a.key.compare(b.key))
    .map(({ row }) => row);
