import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { apiCommand, type ApiOptions, openApi } from '../api/open.js';
import { Failure } from '../failure.js';
import { type Io, write } from '../terminal/io.js';
import { printable } from '../terminal/printable.js';
import { table } from '../terminal/table.js';

interface Options extends ApiOptions {
  readonly since?: string;
  readonly until?: string;
  readonly out?: string;
  readonly json?: true;
}

const text = z.string().nullable();
const Report = z.looseObject({
  rows: z.array(
    z.looseObject({
      ...{ subject: text, relation: z.string(), access: z.string(), verb: z.string(), verdict: text, role: text },
      ...{ statements: z.int(), rows: z.int(), masked: z.int() },
    }),
  ),
  totals: z.record(z.string(), z.int()),
  gaps: z.array(z.looseObject({ kind: z.string(), id: z.string(), subject: text, count: z.int().nullable() })),
});
type Report = z.infer<typeof Report>;
const Export = z.object({ sha256: z.string(), files: z.array(z.object({ name: z.string(), text: z.string() })) });
const Manifest = z.looseObject({ files: z.array(z.looseObject({ name: z.string(), sha256: z.string(), rows: z.int() })) });

export function reportCommand(io: Io): Command {
  const report = new Command('report').description('Reports for auditors.');
  report.addCommand(
    apiCommand('access')
      .description('Who did what to which table, and what is missing from that.')
      .option('--since <time>', 'from this instant on: 2026-01-31, or 2026-01-31T08:00:00Z (default: the first event)')
      .option('--until <time>', 'before this instant (default: now)')
      .option('--out <folder>', 'write access.csv, gaps.csv and manifest.json there')
      .option('--json', 'one JSON object: the report, or with --out the manifest')
      .addHelpText(
        'after',
        `
Examples:
  $ sallyport report access --since 2026-01-01 --until 2026-02-01
  $ sallyport report access --out january && cat january/manifest.json
  $ sallyport report access --json | jq .gaps`,
      )
      .action(async ({ since, until, out, json, ...options }: Options) => {
        const api = await openApi(io, options, 'auditor');
        if (out === undefined) {
          const found = await api.get(Report, 'reports/access', { since, until });
          await write(io, json ? `${JSON.stringify(found)}\n` : `${drawn(found)}\n`);
          return;
        }
        const files = checked(await api.get(Export, 'reports/access/export', { since, until, format: 'json' }));
        const folder = path.resolve(io.cwd, out);
        await mkdir(folder, { recursive: true });
        for (const { name, text } of files) await writeFile(path.join(folder, name), text);
        const manifest = files.find(({ name }) => name === 'manifest.json')?.text ?? '';
        await write(io, json ? manifest : files.map(({ name }) => `${path.join(folder, name)}\n`).join(''));
      }),
  );
  return report;
}

/** What came is what the manifest says. @throws Failure when it is not */
function checked({ sha256, files }: z.infer<typeof Export>): z.infer<typeof Export>['files'] {
  const hash = (text: string | undefined): string =>
    createHash('sha256')
      .update(text ?? '')
      .digest('hex');
  const named = (name: string): string | undefined => files.find((file) => file.name === name)?.text;
  const manifest = named('manifest.json');
  const listed = manifest === undefined ? [] : Manifest.parse(JSON.parse(manifest)).files;
  const wrong = listed.find((file) => hash(named(file.name)) !== file.sha256)?.name;
  const isPlain = files.every(({ name }) => path.basename(name) === name && !name.startsWith('.'));
  if (hash(manifest) === sha256 && wrong === undefined && isPlain && listed.length === files.length - 1) return files;
  const why = wrong === undefined ? 'its manifest is not what it was made with' : `${wrong} does not have its hash`;
  throw new Failure('failed', { what: 'The report was damaged on its way', why, todo: 'Nothing was written. Try again.' });
}

function drawn({ rows, totals, gaps }: Report): string {
  const head = ['WHO', 'ROLE', 'RELATION', 'ACCESS', 'VERB', 'VERDICT', 'STATEMENTS', 'ROWS', 'MASKED'];
  const cells = rows.map((row) => [
    ...[row.subject ?? '-', row.role ?? '-', row.relation, row.access, row.verb, row.verdict ?? '?'].map(printable),
    ...[row.statements, row.rows, row.masked].map(String),
  ]);
  const sums = Object.entries(totals).map(([name, sum]) => `${sum} ${name}`);
  const missing = gaps.map(
    ({ kind, id, subject, count }) =>
      `  ${kind} ${id}${subject === null ? '' : ` (${printable(subject)})`}${count === null ? '' : `: ${count}`}`,
  );
  return [
    ...(rows.length === 0 ? ['Nobody did anything to any table.'] : [table(head, cells)]),
    `\nIn all: ${sums.join(', ')}.`,
    ...(gaps.length === 0 ? ['The record of this period has no gaps.'] : ['What the record of this period lacks:', ...missing]),
  ].join('\n');
}
