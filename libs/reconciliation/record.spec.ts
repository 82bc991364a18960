import { type Found, readRecord } from '#reconciliation';

const found = (format: Found['format']): Found => ({
  ...{ target: 'main', file: 'postgresql.log', head: 'a'.repeat(64), from: 0, to: 10, format },
});
const start = 0x6b0660cf * 1000;
const time = start + 181;

/** The fields of a record of Postgres 18 in both formats, those of `over` in place of the usual. */
function both(over: Readonly<Record<string, string | number>>): { readonly json: Buffer; readonly csv: Buffer } {
  const fields: Record<string, string | number> = {
    ...{ timestamp: '2026-11-25 04:15:11.181 UTC', user: 'ada', dbname: 'shop', pid: 2336, remote_host: '10.0.0.7' },
    ...{ remote_port: 40424, session_id: '6b0660cf.920', line_num: 4, ps: 'SELECT', session_start: '2026-11-25 04:15:11 UTC' },
    ...{ vxid: '0/2', txid: 0, error_severity: 'LOG', state_code: '00000', message: 'hello', application_name: 'psql' },
    ...{ backend_type: 'client backend', query_id: 0 },
    ...over,
  };
  const quoted = (value: string | number | undefined): string =>
    value === undefined ? '' : `"${String(value).replaceAll('"', '""')}"`;
  const f = (name: string): string => quoted(fields[name]);
  const plain = (name: string): string => String(fields[name] ?? '');
  const csv = [
    ...[plain('timestamp'), f('user'), f('dbname'), plain('pid'), quoted(`${plain('remote_host')}:${plain('remote_port')}`)],
    ...[plain('session_id'), plain('line_num'), f('ps'), plain('session_start'), plain('vxid'), plain('txid')],
    ...[plain('error_severity'), plain('state_code'), f('message'), f('detail'), f('hint'), f('internal_query'), ''],
    ...[f('context'), f('statement'), '', '', f('application_name'), f('backend_type'), '', plain('query_id')],
  ].join(',');
  return { json: Buffer.from(`${JSON.stringify(fields)}\n`), csv: Buffer.from(`${csv}\n`) };
}

const usual = {
  ...{ time, pid: 2336, start, user: 'ada', database: 'shop', application: 'psql', client: { host: '10.0.0.7', port: 40424 } },
  ...{ line: 4, backend: 'client backend', severity: 'LOG', command: 'SELECT' },
};

describe('a record of a native log', () => {
  it.each([
    ['connection received: host=10.0.0.7 port=40424', { ps: '' }, { tells: 'connection' }],
    ['connection authenticated: identity="ada" method=scram-sha-256 (/etc/pg_hba.conf:1)', {}, { tells: 'connection' }],
    ['connection ready: setup total=1.2 ms, fork=0.3 ms, authentication=0.4 ms', {}, { tells: 'connection' }],
    ['connection authorized: user=ada database=shop application_name=a b', {}, { tells: 'authorization', application: 'a b' }],
    [
      'connection authorized: user=ada database=shop application_name=x SSL enabled (protocol=TLSv1.3, cipher=…, bits=256)',
      {},
      { tells: 'authorization', application: 'x' },
    ],
    ['connection authorized: user=ada database=shop SSL enabled (protocol=TLSv1.3)', {}, { tells: 'authorization' }],
    [
      'replication connection authorized: user=ada application_name=standby',
      {},
      { tells: 'authorization', application: 'standby' },
    ],
    ['disconnection: session time: 0:00:00.022 user=ada database=shop host=[local]', {}, { tells: 'disconnection' }],
    ['statement: /* a */ -- b\n (select 1)', { ps: 'idle' }, { tells: 'statement', command: 'SELECT' }],
    ['execute <unnamed>: INSERT INTO t VALUES ($1)', { ps: 'INSERT' }, { tells: 'statement', command: 'INSERT' }],
    ['duration: 0.415 ms', {}, { tells: 'duration', us: 415 }],
    ['duration: 12.003 ms  statement: SELECT 1', {}, { tells: 'statement', us: 12_003 }],
    ['duration: 1.000 ms  execute a: SELECT 1', {}, { tells: 'statement', us: 1_000 }],
    ['duration: 0.286 ms  parse <unnamed>: SELECT 1', { ps: 'PARSE' }, { tells: 'duration', us: 286, command: 'PARSE' }],
    ['checkpoint starting: time', { backend_type: 'checkpointer' }, { tells: 'other', backend: 'checkpointer' }],
    [
      'division by zero',
      { error_severity: 'ERROR', state_code: '22012' },
      { tells: 'error', severity: 'ERROR', sqlstate: '22012' },
    ],
    ['slow', { query_id: '-7012345678901234567' }, { tells: 'other', queryId: '-7012345678901234567' }],
  ])('tells the same in jsonlog and csvlog: %s', (message, over, expected) => {
    const { json, csv } = both({ message, ...over });
    const command = 'ps' in over && over.ps === '' ? { command: undefined } : {};
    const observed = { ...usual, ...command, ...expected };
    expect(readRecord(found('jsonlog'), json, 0).observed).toEqual({ ...found('jsonlog'), ...observed });
    expect(readRecord(found('csvlog'), csv, 0).observed).toEqual({ ...found('csvlog'), ...observed });
  });

  it.each([
    ['2026-11-25 05:15:11.181 CET', '2026-11-25 05:15:11 CET'],
    ['2026-11-24 23:15:11.181 EST', '2026-11-24 23:15:11 EST'],
    ['2026-11-25 09:45:11.181 +0530', 'never read'],
    ['2026-11-25 04:15:11.181 GMT', 'never read'],
  ])('is of the same instant in whatever zone it was written: %s', (timestamp, session_start) => {
    expect(readRecord(found('jsonlog'), both({ timestamp, session_start }).json, 0).observed.time).toBe(time);
  });

  it('carries names that are no UTF-8 as their bytes', () => {
    const { csv, json } = both({ user: 'M' });
    const latin = (bytes: Buffer): Buffer => Buffer.from(bytes.toString('latin1').replace('"M"', '"M\xfcller"'), 'latin1');
    const user = { b64: Buffer.from('M\xfcller', 'latin1').toString('base64') };
    expect(readRecord(found('csvlog'), latin(csv), 0).observed).toMatchObject({ user, database: 'shop' });
    expect(readRecord(found('jsonlog'), latin(json), 0).observed).toMatchObject({ user, database: 'shop' });
  });

  it.each([
    ['a torn line', '{"timestamp":"2026-11-25 04:15:1\n'],
    ['something else', 'hello\n'],
    ['JSON of something else', '[1]\n'],
    ['no timestamp', '{"timestamp":"yesterday","error_severity":"LOG"}\n'],
    [
      'a name that no server has',
      `${JSON.stringify({ timestamp: '2026-11-25 04:15:11 UTC', error_severity: 'LOG', user: 'u'.repeat(2_000) })}\n`,
    ],
  ])('that cannot be read is told as such, at the time of the one before it: %s', (_, line) => {
    for (const format of ['jsonlog', 'csvlog'] as const)
      expect(readRecord(found(format), Buffer.from(line), 77).observed).toEqual({
        ...found(format),
        time: 77,
        severity: '',
        tells: 'unreadable',
      });
  });

  it.each([
    [true, { message: "statement: ALTER ROLE ada PassWord 'x'" }],
    [true, { message: 'syntax error', error_severity: 'ERROR', statement: "CREATE USER x PASSWORD 'y'" }],
    [true, { message: 'statement: EXECUTE a', detail: "prepare: PREPARE a AS ALTER ROLE x PASSWORD 'y'" }],
    [false, { message: 'password authentication failed for user "ada"', error_severity: 'FATAL', state_code: '28P01' }],
    [false, { message: 'statement: SELECT 1' }],
  ])('may hold a secret: %s for %j', (expected, over) => {
    expect(readRecord(found('jsonlog'), both(over).json, 0).isSecret).toBe(expected);
  });
});
