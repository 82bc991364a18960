import { cpus, totalmem } from 'node:os';
import type { Sample } from './pgbench.js';
import { median, ratio, type Rounds } from './rounds.js';

export interface Measured {
  readonly workload: string;
  readonly rounds: Rounds<Sample>;
}

export interface Once {
  readonly path: string;
  /** From nothing to ready for a query. */
  readonly connectMs: number;
  /** What the log holds of a statement, by workload. */
  readonly keptBytes?: Readonly<Record<string, number>>;
}

export interface Line {
  readonly workload: string;
  readonly path: string;
  readonly tps: number;
  readonly latencyMs: number;
  /** Medians of the ratios inside the rounds; direct is the one with TLS, as all that lies between has it to the client. */
  readonly toDirect?: number;
  readonly toPgbouncer?: number;
  /** Of the process between client and server. */
  readonly cpuMicrosPerStatement?: number;
  readonly residentMB?: number;
}

export const linesOf = ({ workload, rounds }: Measured): Line[] =>
  [...rounds].map(([path, samples]) => {
    const between = samples.flatMap(({ between }) => between ?? []);
    const toDirect = ratio(rounds, path, 'direct, TLS', ({ tps }) => tps);
    const toPgbouncer = ratio(rounds, path, 'PgBouncer', ({ tps }) => tps);
    return {
      workload,
      path,
      tps: median(samples.map(({ tps }) => tps)),
      latencyMs: median(samples.map(({ latencyMs }) => latencyMs)),
      ...(toDirect !== undefined && { toDirect }),
      ...(toPgbouncer !== undefined && { toPgbouncer }),
      ...(between.length > 0 && {
        cpuMicrosPerStatement: median(between.map(({ cpuMicrosPerStatement }) => cpuMicrosPerStatement)),
        residentMB: Math.max(...between.map(({ residentBytes }) => residentBytes)) / 1e6,
      }),
    };
  });

/** The result as Markdown. */
export const report = (lines: readonly Line[], once: readonly Once[]): string =>
  [
    `${new Date().toISOString().slice(0, 10)}, ${machine()}`,
    ...[...new Set(lines.map(({ workload }) => workload))].map((workload) =>
      table(
        [workload, 'a second', 'of direct', 'of PgBouncer', 'latency ms', 'CPU µs a statement', 'memory MB'],
        lines.filter((line) => line.workload === workload).map(cells),
      ),
    ),
    ...(once.length > 0 ? [onceTable(once)] : []),
  ].join('\n\n');

export const machine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node ${process.versions.node}`;

function onceTable(once: readonly Once[]): string {
  const workloads = [...new Set(once.flatMap(({ keptBytes = {} }) => Object.keys(keptBytes)))];
  return table(
    ['', 'ms to connect', ...workloads.map((workload) => `bytes kept a statement, ${workload}`)],
    once.map(({ path, connectMs, keptBytes }) => [
      path,
      connectMs.toFixed(1),
      ...workloads.map((workload) => keptBytes?.[workload]?.toFixed(0) ?? ''),
    ]),
  );
}

const cells = (line: Line): string[] => [
  line.path,
  line.tps < 100 ? line.tps.toFixed(2) : line.tps.toFixed(0),
  line.toDirect?.toFixed(2) ?? '',
  line.toPgbouncer?.toFixed(2) ?? '',
  line.latencyMs.toFixed(3),
  line.cpuMicrosPerStatement?.toFixed(1) ?? '',
  line.residentMB?.toFixed(0) ?? '',
];

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = head.map((title, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? title).length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(width[column] ?? 0) : cell.padStart(width[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${width.map((length, column) => (column === 0 ? '-'.repeat(length) : `${'-'.repeat(length - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
