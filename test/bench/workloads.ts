import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Workload } from './pgbench.js';

export const kinds = ['select', 'tpcb', 'big'] as const;
export type Kind = (typeof kinds)[number];

/** @param folder for the script of the big SELECT */
export function workloads(only: readonly Kind[], folder: string): Workload[] {
  const wide = join(folder, 'wide.sql');
  writeFileSync(wide, 'SELECT * FROM wide;\n');
  const byKind: Readonly<Record<Kind, readonly Workload[]>> = {
    select: [selectOnly(1), selectOnly(32)],
    tpcb: [tpcB(1), tpcB(32)],
    big: [{ name: '100 MB SELECT, 1 client', script: [`--file=${wide}`], statements: 1, clients: 1, atLeast: 8 }],
  };
  return only.flatMap((kind) => byKind[kind]);
}

export const selectOnly = (clients: number): Workload => ({
  name: `select-only, ${plural(clients)}`,
  script: ['--builtin=select-only'],
  statements: 1,
  clients,
});

export const tpcB = (clients: number): Workload => ({
  name: `TPC-B, ${plural(clients)}`,
  script: ['--builtin=tpcb-like'],
  statements: 7,
  clients,
});

const plural = (clients: number): string => `${clients} client${clients === 1 ? '' : 's'}`;
