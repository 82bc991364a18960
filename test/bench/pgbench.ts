import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { pathOf, pgbench } from '../parts.js';
import type { Path } from './path.js';
import { cpuMicros, residentBytes } from './process.js';

/** Something to do again and again. */
export interface Workload {
  readonly name: string;
  /** pgbench's arguments for it. */
  readonly script: readonly string[];
  /** What one round of the script sends. */
  readonly statements: number;
  readonly clients: number;
}

export type Length = { readonly seconds: number } | { readonly transactions: number };

export interface Sample {
  /** Transactions a second. */
  readonly tps: number;
  readonly latencyMs: number;
  /** Statements that were run. */
  readonly statements: number;
  /** Of the process between client and server. */
  readonly between?: { readonly cpuMicros: number; readonly residentBytes: number };
}

/** Runs a workload over a path, in the simple protocol. @throws Error when a transaction fails */
export async function sample({ env, pid }: Path, { script, statements, clients }: Workload, length: Length): Promise<Sample> {
  const limit = 'seconds' in length ? `--time=${length.seconds}` : `--transactions=${length.transactions}`;
  const threads = `--jobs=${Math.min(clients, 2)}`;
  const before = pid === undefined ? 0 : cpuMicros(pid);
  const { stdout } = await promisify(execFile)(
    pathOf(pgbench),
    ['--no-vacuum', '--protocol=simple', `--client=${clients}`, threads, limit, ...script],
    { env: { ...process.env, ...env } },
  );
  const { transactions, failed, tps, latencyMs } = parseResult(stdout);
  if (failed > 0) throw new Error(`${failed} transactions failed`);
  return {
    tps,
    latencyMs,
    statements: transactions * statements,
    ...(pid !== undefined && { between: { cpuMicros: cpuMicros(pid) - before, residentBytes: residentBytes(pid) } }),
  };
}

/** Reads what pgbench prints at its end. */
export function parseResult(text: string): { transactions: number; failed: number; tps: number; latencyMs: number } {
  const number = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? NaN);
  return {
    transactions: number(/^number of transactions actually processed: (\d+)/m),
    failed: number(/^number of failed transactions: (\d+)/m),
    tps: number(/^tps = ([\d.]+) \(without/m),
    latencyMs: number(/^latency average = ([\d.]+) ms/m),
  };
}
