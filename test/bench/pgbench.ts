import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
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
  /** Seconds to measure for, where those of the bench would see too few rounds of it. */
  readonly atLeast?: number;
}

export interface Sample {
  /** Transactions a second. */
  readonly tps: number;
  readonly latencyMs: number;
  /** Of the process between client and server. */
  readonly between?: { readonly cpuMicrosPerStatement: number; readonly residentBytes: number };
}

/**
 * Runs a workload over a path, in the simple protocol, and looks at it from its second second on: by then all clients are
 * connected and the code is warm.
 * @throws Error when pgbench ends by itself, or a transaction fails
 */
export async function sample(path: Path, workload: Workload, seconds: number): Promise<Sample> {
  const child = spawn(pathOf(pgbench), [...common(workload), '--progress=1', '--time=3600'], {
    env: { ...process.env, ...path.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const said: string[] = [];
  const intervals: Interval[] = [];
  const cpu = (): number => (path.pid === undefined ? 0 : cpuMicros(path.pid));
  let start = 0;
  try {
    for await (const line of createInterface(child.stderr)) {
      said.push(line);
      const interval = parseProgress(line);
      if (!interval) continue;
      if (interval.failed > 0) throw new Error(`transactions failed: ${line}`);
      intervals.push(interval);
      if (intervals.length === 1) start = cpu();
      if (intervals.length > Math.max(seconds, workload.atLeast ?? 0))
        return {
          ...over(intervals),
          ...(path.pid !== undefined && {
            between: {
              cpuMicrosPerStatement: (cpu() - start) / (countIn(intervals) * workload.statements),
              residentBytes: residentBytes(path.pid),
            },
          }),
        };
    }
    throw new Error(`pgbench ended by itself over ${path.name}:\n${said.slice(-10).join('\n')}`);
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}

/** Runs a workload so many times for each client. @returns how long the clients took to connect */
export async function repeat({ env }: Path, workload: Workload, times: number): Promise<{ connectMs: number }> {
  const { stdout } = await promisify(execFile)(pathOf(pgbench), [...common(workload), `--transactions=${times}`], {
    env: { ...process.env, ...env },
  });
  const [, connectMs] = /^initial connection time = ([\d.]+) ms/m.exec(stdout) ?? [];
  return { connectMs: Number(connectMs) };
}

const common = ({ clients, script }: Workload): string[] => [
  '--no-vacuum',
  '--protocol=simple',
  `--client=${clients}`,
  `--jobs=${Math.min(clients, 2)}`,
  ...script,
];

/** What pgbench reports of the time since its report before. */
export interface Interval {
  /** Seconds since the clients were connected. */
  readonly at: number;
  readonly tps: number;
  readonly latencyMs: number;
  readonly failed: number;
}

export function parseProgress(line: string): Interval | undefined {
  const [, at, tps, latencyMs, failed] =
    /^progress: ([\d.]+) s, ([\d.]+) tps, lat ([\d.]+) ms.*?(?:, (\d+) failed)?$/.exec(line) ?? [];
  if (at === undefined) return undefined;
  return { at: Number(at), tps: Number(tps), latencyMs: Number(latencyMs), failed: Number(failed ?? 0) };
}

/** The first interval is for warming up: it only says when the next begins. */
function over(intervals: readonly Interval[]): { tps: number; latencyMs: number } {
  const count = countIn(intervals);
  const [first, last] = [intervals[0]?.at ?? 0, intervals.at(-1)?.at ?? 0];
  const waited = intervals.slice(1).reduce((sum, interval, i) => sum + countOf(interval, intervals[i]) * interval.latencyMs, 0);
  return { tps: count / (last - first), latencyMs: waited / count };
}

const countIn = (intervals: readonly Interval[]): number =>
  intervals.slice(1).reduce((sum, interval, i) => sum + countOf(interval, intervals[i]), 0);

const countOf = ({ at, tps }: Interval, before: Interval | undefined): number => tps * (at - (before?.at ?? 0));
