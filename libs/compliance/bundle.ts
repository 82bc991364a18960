import { createHash } from 'node:crypto';
import { type By, canonical } from '#events';
import type { AccessReport, AccessRow } from './access-report.js';
import { csv, type CsvCell } from './csv.js';
import type { Gap } from './gaps.js';

/** Where a report comes from. */
export interface Provenance {
  readonly by: By;
  /** When it was made, Unix milliseconds. */
  readonly at: number;
  /** Of the software. */
  readonly version: string;
  readonly source: string;
  /** The last event of each partition that it is sure to know of. */
  readonly through: readonly {
    readonly topic: string;
    readonly partition: string;
    readonly producer: string | null;
    readonly pseq: number | null;
  }[];
}

export interface BundleFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** A report as files: the last is the manifest, with the hashes of the others. */
export interface Bundle {
  readonly files: readonly BundleFile[];
  /** SHA-256 of the manifest, in hex: it stands for all of it. */
  readonly sha256: string;
  /** Rows of the report, its gaps aside. */
  readonly rows: number;
}

/** The same report and provenance give the same bytes. */
export function bundle(report: AccessReport, provenance: Provenance): Bundle {
  const access = { name: 'access.csv', rows: report.rows.length, bytes: accessCsv(report.rows) };
  const gaps = { name: 'gaps.csv', rows: report.gaps.length, bytes: gapsCsv(report.gaps) };
  const manifest = {
    by: provenance.by,
    files: [access, gaps].map(({ name, rows, bytes }) => ({ bytes: bytes.length, name, rows, sha256: sha256(bytes) })),
    format: 'sallyport/access-report/v1',
    made_at: iso(provenance.at),
    made_with: provenance.version,
    projected_through: provenance.through.map(({ topic, partition, producer, pseq }) => ({ partition, producer, pseq, topic })),
    query: { since: iso(report.period.since), until: iso(report.period.until) },
    source: provenance.source,
    totals: { ...report.totals, gaps: report.gaps.length },
  };
  const bytes = Buffer.from(`${canonical(manifest)}\n`, 'utf8');
  return { files: [access, gaps, { name: 'manifest.json', bytes }], sha256: sha256(bytes), rows: access.rows };
}

const columns: readonly (readonly [string, (row: AccessRow) => CsvCell])[] = [
  ['issuer', (row) => row.issuer],
  ['principal', (row) => row.subject],
  ['kind', (row) => row.kind],
  ['target', (row) => row.target],
  ['database', (row) => row.database],
  ['role', (row) => row.role],
  ['relation', (row) => row.relation],
  ['access', (row) => row.access],
  ['verb', (row) => row.verb],
  ['verdict', (row) => row.verdict],
  ['statements', (row) => row.statements],
  ['approved', (row) => row.approved],
  ['failed', (row) => row.failed],
  ['unfinished', (row) => row.unfinished],
  ['masked', (row) => row.masked],
  ['rows', (row) => row.rows],
  ['first_at', (row) => iso(row.firstAt)],
  ['last_at', (row) => iso(row.lastAt)],
];

const accessCsv = (rows: readonly AccessRow[]): Buffer =>
  csv(
    columns.map(([name]) => name),
    rows.map((row) => columns.map(([, value]) => value(row))),
  );

const gapsCsv = (gaps: readonly Gap[]): Buffer =>
  csv(
    ['gap', 'id', 'principal', 'from', 'to', 'count'],
    gaps.map(({ kind, id, subject, from, to, count }) => [kind, id, subject, time(from), time(to), count]),
  );

const iso = (ms: number): string => new Date(ms).toISOString();
const time = (ms: number | null): string | null => (ms === null ? null : iso(ms));
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
