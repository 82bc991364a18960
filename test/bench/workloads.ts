import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import type { Length, Workload } from './pgbench.js';

export interface Measurement {
  readonly workload: Workload;
  readonly length: Length;
}

export const kinds = ['select', 'tpcb', 'big'] as const;
export type Kind = (typeof kinds)[number];

/** @param folder for the script of the big SELECT */
export function workloads(only: readonly Kind[], seconds: number, folder: string): Measurement[] {
  const wide = join(folder, 'wide.sql');
  writeFileSync(wide, 'SELECT * FROM wide;\n');
  const timed = (clients: number): Record<Exclude<Kind, 'big'>, Measurement> => ({
    select: { workload: selectOnly(clients), length: { seconds } },
    tpcb: { workload: tpcB(clients), length: { seconds } },
  });
  const big: Workload = { name: '100 MB SELECT, 1 client', script: [`--file=${wide}`], statements: 1, clients: 1 };
  return only.flatMap((kind) =>
    kind === 'big' ? [{ workload: big, length: { transactions: 2 } }] : [timed(1)[kind], timed(32)[kind]],
  );
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
