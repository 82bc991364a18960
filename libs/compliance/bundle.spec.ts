import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { isCanonical } from '#events';
import type { AccessReport } from './access-report.js';
import { bundle, type Provenance } from './bundle.js';
import { zip } from './zip.js';

const report: AccessReport = {
  period: { since: 0, until: 1_800_000_000_000 },
  rows: [
    {
      ...{ issuer: 'https://id', subject: '=cmd', kind: 'agent', target: 'demo', database: 'shop', role: 'app_ro' },
      ...{ relation: 'app.people', access: 'read', verb: 'SELECT', verdict: 'allow', statements: 2, approved: 1, failed: 0 },
      ...{ unfinished: 0, masked: 2, rows: 7, firstAt: 1_790_000_000_000, lastAt: 1_790_000_000_001 },
    },
  ],
  totals: { sessions: 1, statements: 3, allowed: 3, denied: 0, held: 0, rows: 7 },
  gaps: [{ kind: 'session-tail-unknown', id: 's', subject: 'bot', from: 1, to: 2, count: null }],
};
const provenance: Provenance = {
  ...{ by: { issuer: 'https://id', subject: 'aya' }, at: 1_795_000_000_000, version: '0.1.0', source: 'log' },
  through: [{ topic: 't', partition: 'p', producer: 'q', pseq: 9 }],
};

describe('a report as files', () => {
  it('is the rows, the gaps, and a manifest of their hashes in canonical form', () => {
    const { files, rows, sha256 } = bundle(report, provenance);
    const [access, gaps, manifest] = files.map(({ bytes }) => bytes);
    expect(access?.toString('utf8').split('\r\n')).toEqual([
      '\ufeffissuer,principal,kind,target,database,role,relation,access,verb,verdict,statements,approved,failed,unfinished,masked,rows,first_at,last_at',
      "https://id,'=cmd,agent,demo,shop,app_ro,app.people,read,SELECT,allow,2,1,0,0,2,7,2026-09-21T14:13:20.000Z,2026-09-21T14:13:20.001Z",
      '',
    ]);
    expect(gaps?.toString('utf8')).toBe(
      '\ufeffgap,id,principal,from,to,count\r\nsession-tail-unknown,s,bot,1970-01-01T00:00:00.001Z,1970-01-01T00:00:00.002Z,\r\n',
    );
    expect(isCanonical(manifest?.subarray(0, -1) ?? Buffer.alloc(0))).toBe(true);
    const hash = (bytes: Buffer | undefined) =>
      createHash('sha256')
        .update(bytes ?? '')
        .digest('hex');
    expect(JSON.parse(manifest?.toString('utf8') ?? '')).toEqual({
      by: { issuer: 'https://id', subject: 'aya' },
      files: [
        { name: 'access.csv', bytes: access?.length, rows: 1, sha256: hash(access) },
        { name: 'gaps.csv', bytes: gaps?.length, rows: 1, sha256: hash(gaps) },
      ],
      format: 'sallyport/access-report/v1',
      made_at: '2026-11-18T11:06:40.000Z',
      made_with: '0.1.0',
      projected_through: [{ topic: 't', partition: 'p', producer: 'q', pseq: 9 }],
      query: { since: '1970-01-01T00:00:00.000Z', until: '2027-01-15T08:00:00.000Z' },
      source: 'log',
      totals: { sessions: 1, statements: 3, allowed: 3, denied: 0, held: 0, rows: 7, gaps: 1 },
    });
    expect({ rows, sha256 }).toEqual({ rows: 1, sha256: hash(manifest) });
  });

  it('is the same bytes whenever it is made of the same', () => {
    expect(zip(bundle(report, provenance).files)).toEqual(zip(bundle(report, provenance).files));
  });

  it('unpacks: the directory at its end leads to every file', () => {
    const { files } = bundle(report, provenance);
    const archive = zip(files);
    expect(unpacked(archive)).toEqual(files.map(({ name, bytes }) => [name, crc32(bytes), bytes]));
  });
});

/** As a reader does it: from the end of the archive to its directory, from there to each file. */
function unpacked(archive: Buffer): (readonly [string, number, Buffer])[] {
  const end = archive.subarray(-22);
  expect(end.readUInt32LE(0)).toBe(0x06054b50);
  let at = end.readUInt32LE(16);
  expect(at + end.readUInt32LE(12)).toBe(archive.length - 22);
  return Array.from({ length: end.readUInt16LE(10) }, () => {
    const entry = archive.subarray(at);
    expect(entry.readUInt32LE(0)).toBe(0x02014b50);
    const nameLength = entry.readUInt16LE(28);
    at += 46 + nameLength;
    const local = archive.subarray(entry.readUInt32LE(42));
    expect(local.readUInt32LE(0)).toBe(0x04034b50);
    const from = 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
    const bytes = local.subarray(from, from + entry.readUInt32LE(20));
    return [local.toString('utf8', 30, 30 + nameLength), entry.readUInt32LE(16), Buffer.from(bytes)] as const;
  });
}
