import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { AccessFold, type AccessReport } from '#compliance';
import { killedProxy } from '../fixtures/killed-proxy.js';
import { RecordedSession } from '../fixtures/recorded.js';
import { Rig } from '../fixtures/rig.js';

const whole = new RecordedSession('01936f00-0000-7000-8000-000000000001').read(['Ada', 'Bob']).refused().closed();
const cut = new RecordedSession('01936f00-0000-7000-8000-000000000002', 'carl').allowed();
const period = 'since=2020-01-01&until=2100-01-01';
let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start({ before: whole.drafts });
  await killedProxy(rig.dataDir, cut);
});
afterAll(() => rig.stop());

interface Export {
  readonly sha256: string;
  readonly files: readonly { readonly name: string; readonly text: string }[];
}
const exported = async (): Promise<Export> =>
  (await rig.get('auditor', `reports/access/export?${period}&format=json`)).body as Export;
const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('the access report', () => {
  it('says who did what to which table', async () => {
    const { status, body } = await rig.get('auditor', `reports/access?${period}`);
    const report = body as AccessReport & { source: string };
    expect(status).toBe(200);
    expect(report.source).toBe('log');
    expect(
      report.rows.map(({ subject, relation, access, verb, verdict, statements, rows }) => [
        subject,
        relation,
        access,
        verb,
        verdict,
        statements,
        rows,
      ]),
    ).toEqual([
      ['billing-bot', 'app.people', 'read', 'SELECT', 'allow', 1, 2],
      ['billing-bot', 'app.people', 'write', 'DROP TABLE', 'deny', 1, 0],
      ['carl', 'app.people', 'read', 'SELECT', 'allow', 1, 0],
    ]);
  });

  it('has the totals that a recount of the record gives, and names the session that a kill cut off', async () => {
    const { body } = await rig.get('auditor', `reports/access?${period}`);
    const recount = new AccessFold({ since: Date.UTC(2020, 0, 1), until: Date.UTC(2100, 0, 1) });
    for (const event of await rig.record()) recount.take(event);
    const { rows, totals, gaps } = recount.report();
    expect(body).toMatchObject({ rows, totals, gaps });
    expect(totals).toEqual({ sessions: 2, statements: 3, allowed: 2, denied: 1, held: 0, rows: 2 });
    expect(gaps.map(({ kind, subject }) => [kind, subject])).toEqual([
      ['producer-not-stopped', null],
      ['session-tail-unknown', 'carl'],
      ['statements-unfinished', 'carl'],
    ]);
    expect(gaps[1]?.id).toBe(cut.id);
  });

  it('downloads as files whose hashes the manifest has, and the download is on record', async () => {
    const { files, sha256: all } = await exported();
    const text = (name: string): string => files.find((file) => file.name === name)?.text ?? '';
    const manifest = JSON.parse(text('manifest.json')) as { files: { name: string; sha256: string; rows: number }[]; by: object };
    expect(manifest.by).toEqual({ issuer: 'sallyport', subject: 'aya' });
    expect(manifest.files.map((file) => [file.name, file.rows, file.sha256])).toEqual([
      ['access.csv', 3, sha256(text('access.csv'))],
      ['gaps.csv', 3, sha256(text('gaps.csv'))],
    ]);
    expect(text('gaps.csv')).toContain(`session-tail-unknown,${cut.id},carl,`);
    expect(all).toBe(sha256(text('manifest.json')));
    const created = (await rig.record()).filter(({ type }) => type === 'export.created');
    expect(created.at(-1)?.data).toEqual({
      ...{ by: { issuer: 'sallyport', subject: 'aya' }, format: 'csv+json', name: 'access-report', sha256: all, rows: 3 },
    });
  });

  it('downloads as one archive', async () => {
    const response = await fetch(`${rig.url}/api/v1/reports/access/export?${period}`, {
      headers: { authorization: `Bearer ${rig.token('auditor')}` },
    });
    expect([response.status, response.headers.get('content-type'), response.headers.get('content-disposition')]).toEqual([
      200,
      'application/zip',
      'attachment; filename=access-report.zip',
    ]);
    const archive = Buffer.from(await response.arrayBuffer()).toString('latin1');
    expect(archive.startsWith('PK')).toBe(true);
    for (const name of ['access.csv', 'gaps.csv', 'manifest.json']) expect(archive).toContain(name);
  });

  it('is for auditors, and for a period that is one', async () => {
    expect(await rig.get('responder', `reports/access?${period}`)).toMatchObject({ status: 403 });
    expect(await rig.get('auditor', 'reports/access?since=2026-01-01&until=2026-01-01')).toMatchObject({ status: 400 });
  });
});
