import { serialize as frontend } from 'pg-protocol';
import { currentRole, evolve, initialState, type Recorded, type SessionState, stateHash } from './index.js';
import { backend } from './testing/backend.js';
import { c, lost, s, Script } from './testing/script.js';

const { ready, complete, row, columns, error } = backend;
const query = (sql: string): Buffer => frontend.query(sql);
const folded = (script: Script): SessionState => fold(script.recorded);
const fold = (session: readonly Recorded[], from = initialState): SessionState =>
  session.reduce((state, { event, parts }) => evolve(state, event, parts), from);

/** A simple query that is decided, answered and done. */
const ran = (script: Script, n: number, sql: string, tag: string, status: 'I' | 'T' | 'E', ...before: Buffer[]): Script =>
  script.decided(n, 'query', c(query(sql))).completed(n, s(...before, complete(tag), ready(status)), { tag });

const setting = (state: SessionState, name: string): unknown => state.scope.settings.find((each) => each.name === name);

describe('a session', () => {
  it('is known by who opened it, where it went and what it started from', () => {
    const state = folded(new Script().ready());
    expect(state).toEqual({
      ...initialState,
      session: Script.session,
      seq: 2,
      phase: 'ready',
      client: { address: '127.0.0.1', port: 40_000, user: 'billing-bot', database: 'app' },
      who: {
        principal: { groups: ['agents'], issuer: 'https://id.example', kind: 'agent', subject: 'billing-bot' },
        method: 'oidc',
      },
      target: 'main',
      database: 'app',
      durability: 'strict',
      policy: Script.policy,
      server: { version: '18.1', backend: 4711 },
      reported: [{ name: 'TimeZone', value: 'UTC' }],
      scope: state.start,
      start: {
        sessionUser: { value: 'app_rw', local: null },
        role: { value: 'none', local: null },
        searchPath: { value: ['"$user"', 'public'], local: null },
        settings: [{ name: 'TimeZone', value: 'UTC', local: null }],
        tempTables: [],
      },
    });
  });

  it('shows what its proxy left open when there is no close', () => {
    const { phase, closed, pending } = folded(new Script().ready().decided(1, 'query', c(query('SELECT 1'))));
    expect({ phase, closed, pending }).toEqual({
      phase: 'ready',
      closed: null,
      pending: [
        {
          kind: 'query',
          n: 1,
          opaque: false,
          fate: 'sent',
          commands: [{ kind: 'other', verb: 'SELECT', opaque: false }],
          done: 0,
          begun: false,
        },
      ],
    });
  });

  it('says so when recovery closed it with an unknown tail', () => {
    const crashed = { client: 0, server: 0, reason: 'crash', statements: 0, tail: 'unknown' } as const;
    const { phase, closed, unknown } = folded(new Script().ready().event('session.closed', crashed));
    expect({ phase, closed, unknown }).toEqual({
      phase: 'closed',
      closed: { reason: 'crash', tail: 'unknown' },
      unknown: ['tail'],
    });
  });
});

describe('settings', () => {
  it('hold once the server has done the SET, in the form that it reports', () => {
    const script = new Script()
      .ready()
      .decided(1, 'query', c(query("SET TimeZone = 'utc'; SET work_mem TO '64MB'")), { count: 2 });
    expect(setting(folded(script), 'TimeZone')).toEqual({ name: 'TimeZone', value: 'UTC', local: null });
    script.completed(1, s(complete('SET')));
    expect(setting(folded(script), 'TimeZone')).toEqual({ name: 'TimeZone', value: 'utc', local: null });
    script.completed(2, s(complete('SET'), backend.parameterStatus('TimeZone', 'Etc/UTC'), ready('I')));
    expect(folded(script).scope.settings).toEqual([
      { name: 'TimeZone', value: 'Etc/UTC', local: null },
      { name: 'work_mem', value: '64MB', local: null },
    ]);
  });

  it('come back when their transaction is rolled back, and SET LOCAL ends with it', () => {
    const script = ran(new Script().ready(), 1, 'BEGIN', 'BEGIN', 'T');
    ran(script, 2, "SET LOCAL app.user = 'a'", 'SET', 'T');
    ran(script, 3, "SET work_mem = '1MB'", 'SET', 'T');
    expect(folded(script).scope.settings.map(({ name, value, local }) => [name, value, local])).toEqual([
      ['TimeZone', 'UTC', null],
      ['app.user', null, 'a'],
      ['work_mem', '1MB', null],
    ]);
    const committed = fold(ran(new Script().ready(), 1, 'SELECT 1', 'SELECT 1', 'I').recorded);
    expect(committed.scope).toEqual(committed.start);
    ran(script, 4, 'ROLLBACK', 'ROLLBACK', 'I');
    expect(folded(script).scope).toEqual(folded(script).start);
  });

  it('go back to the savepoint, and what was local is gone at the commit', () => {
    const script = ran(new Script().ready(), 1, 'BEGIN', 'BEGIN', 'T');
    ran(script, 2, 'SET LOCAL statement_timeout = 5', 'SET', 'T');
    ran(script, 3, 'SAVEPOINT a', 'SAVEPOINT', 'T');
    ran(script, 4, 'SET LOCAL ROLE auditor; SET work_mem = 1', 'SET', 'T');
    expect(folded(script).scope.role).toEqual({ value: 'none', local: 'auditor' });
    ran(script, 6, 'ROLLBACK TO a', 'ROLLBACK', 'T');
    const { scope, transaction } = folded(script);
    expect(transaction.levels.map(({ savepoint }) => savepoint)).toEqual([null, 'a']);
    expect(scope.role).toEqual({ value: 'none', local: null });
    expect(setting(folded(script), 'statement_timeout')).toEqual({ name: 'statement_timeout', value: null, local: '5' });
    ran(script, 7, 'COMMIT', 'COMMIT', 'I');
    expect(folded(script).scope).toEqual(folded(script).start);
  });

  it('of a Query that fails half way are undone with its implicit transaction', () => {
    const script = new Script().ready().decided(1, 'query', c(query('SET work_mem = 1; SELECT 1/0')), { count: 2 });
    script.completed(1, s(complete('SET'), error('22012', 'division by zero'), ready('I')));
    const { scope, start, lastError } = folded(script);
    expect(scope).toEqual(start);
    expect(lastError).toEqual({ severity: 'ERROR', sqlstate: '22012', message: 'division by zero', n: 2 });
  });

  it('role and search_path follow their statements, and every decision tells them anew', () => {
    const both = 'SET search_path TO "Sales", public; SET SESSION AUTHORIZATION Bob';
    const script = ran(new Script().ready(), 1, both, 'SET', 'I', complete('SET'));
    expect(folded(script).scope.searchPath).toEqual({ value: ['Sales', 'public'], local: null });
    expect(currentRole(folded(script).scope)).toBe('bob');
    const on = { catalog: Script.catalog, role: 'alice', searchPath: ['app'], transaction: 'I' as const };
    script.decided(3, 'query', c(query('RESET ALL')), { on });
    expect(folded(script).scope.searchPath).toEqual({ value: ['app'], local: null });
    expect(folded(script).scope.role).toEqual({ value: 'alice', local: null });
    script.completed(3, s(complete('RESET'), ready('I')));
    expect(folded(script).scope.settings).toEqual(folded(script).start.settings);
  });
});

describe('the transaction', () => {
  it('fails with an error inside a block and lives on after ROLLBACK TO', () => {
    const script = ran(new Script().ready(), 1, 'BEGIN ISOLATION LEVEL SERIALIZABLE', 'BEGIN', 'T');
    ran(script, 2, 'SAVEPOINT s', 'SAVEPOINT', 'T');
    script.decided(3, 'query', c(query('SELECT nope'))).completed(3, s(error('42703', 'no'), ready('E')), { outcome: 'error' });
    expect(folded(script).transaction.status).toBe('E');
    ran(script, 4, 'ROLLBACK TO SAVEPOINT s', 'ROLLBACK', 'T');
    ran(script, 5, 'RELEASE s', 'RELEASE', 'T');
    const { transaction } = folded(script);
    expect({ status: transaction.status, savepoints: transaction.levels.map(({ savepoint }) => savepoint) }).toEqual({
      status: 'T',
      savepoints: [null],
    });
    expect(setting(folded(script), 'transaction_isolation')).toEqual({
      name: 'transaction_isolation',
      value: null,
      local: 'serializable',
    });
  });

  it('COMMIT of a failed transaction rolls back, and AND CHAIN opens the next', () => {
    const script = ran(new Script().ready(), 1, 'BEGIN; SET work_mem = 1', 'BEGIN', 'T');
    ran(script, 3, 'COMMIT', 'ROLLBACK', 'I');
    expect(folded(script).scope).toEqual(folded(script).start);
    ran(script, 4, 'BEGIN', 'BEGIN', 'T');
    ran(script, 5, 'COMMIT AND CHAIN', 'COMMIT', 'T');
    expect(folded(script).transaction.levels).toHaveLength(1);
    expect(folded(script).unknown).toEqual([]);
  });
});

describe('prepared statements, portals and cursors', () => {
  const int8 = { name: 'n', type: 20 };
  const prepared = (): Script =>
    new Script()
      .ready()
      .event(
        'statement.prepared',
        { n: 1, name: 'p', parameterTypes: [23], statements: [] },
        c(frontend.parse({ name: 'p', text: 'SELECT $1', types: [23] }), frontend.describe({ type: 'S', name: 'p' })),
      )
      .passed(c(frontend.sync()), s(backend.parseComplete, backend.parameterTypes(23), columns(int8), ready('I')));

  it('are there from ParseComplete on, with what Describe told', () => {
    expect(folded(prepared()).prepared).toEqual([
      { name: 'p', by: 'protocol', n: 1, sql: 'SELECT $1', types: [23], columns: [{ ...int8, format: 0 }], opaque: false },
    ]);
  });

  it('a portal is suspended, goes on, and is gone with its transaction', () => {
    const script = prepared().decided(
      2,
      'bind',
      c(frontend.bind({ portal: 'q', statement: 'p', values: ['1'], binary: true }), frontend.execute({ portal: 'q', rows: 1 })),
      { prepared: 1, portal: 'q' },
    );
    script.passed(c(frontend.execute({ portal: 'q', rows: 1 }), frontend.sync()));
    script.passed(s(backend.bindComplete, row(Buffer.from([0, 0, 0, 1])), backend.portalSuspended, row('x')));
    const { portals, answer } = folded(script);
    expect(portals).toEqual([
      {
        ...{ name: 'q', by: 'protocol', n: 2, statement: 'p', sql: 'SELECT $1', hold: false, depth: 1, formats: [1] },
        ...{ columns: [{ ...int8, format: 1 }], opaque: false, rows: 2 },
      },
    ]);
    expect(answer).toMatchObject({ n: 2, outcome: 'running', rows: 1, kept: 1 });
    script.passed(s(complete('SELECT 1'), ready('I')));
    expect(folded(script)).toMatchObject({ portals: [], pending: [], prepared: [{ name: 'p' }] });
  });

  it('an error makes the server skip to the Sync, also when that comes later', () => {
    const script = prepared().decided(2, 'bind', c(frontend.bind({ statement: 'p', values: ['x'] }), frontend.execute()));
    script.passed(s(error('22P02', 'invalid')), c(frontend.parse({ name: 'never', text: 'SELECT 2' })));
    expect(folded(script)).toMatchObject({ skipping: true, pending: [] });
    script.passed(c(frontend.sync(), query('SELECT 3')), s(ready('I')));
    const { skipping, pending, prepared: statements } = folded(script);
    expect({ skipping, pending: pending.map(({ kind }) => kind), names: statements.map(({ name }) => name) }).toEqual({
      skipping: false,
      pending: ['query'],
      names: ['p'],
    });
  });

  it('PREPARE survives a rollback, DECLARE does not, unless it is held by a commit', () => {
    const script = ran(new Script().ready(), 1, 'BEGIN', 'BEGIN', 'T');
    ran(script, 2, 'PREPARE Q (int) AS SELECT $1', 'PREPARE', 'T');
    ran(script, 3, 'DECLARE c1 CURSOR FOR SELECT 1', 'DECLARE CURSOR', 'T');
    ran(script, 4, 'DECLARE c2 CURSOR WITH HOLD FOR SELECT 2', 'DECLARE CURSOR', 'T');
    ran(script, 5, 'FETCH 2 FROM c2', 'FETCH 2', 'T', columns(int8), row('1'), row('2'));
    expect(folded(script).portals.map(({ name, rows, sql }) => [name, rows, sql])).toEqual([
      ['c1', 0, 'SELECT 1'],
      ['c2', 2, 'SELECT 2'],
    ]);
    expect(folded(script).prepared.map(({ name, sql }) => [name, sql])).toEqual([['q', 'SELECT $1']]);
    ran(script, 6, 'COMMIT', 'COMMIT', 'I');
    expect(folded(script).portals.map(({ name, depth }) => [name, depth])).toEqual([['c2', 0]]);
    ran(script, 7, 'DEALLOCATE q; CLOSE ALL', 'DEALLOCATE', 'I');
    expect(folded(script).prepared).toEqual([]);
  });

  it('DISCARD ALL leaves nothing', () => {
    const script = ran(prepared(), 2, 'CREATE TEMP TABLE t (a int)', 'CREATE TABLE', 'I');
    expect(folded(script).scope.tempTables).toEqual([{ name: 't', dropOnCommit: false }]);
    ran(script, 3, 'DISCARD ALL', 'DISCARD ALL', 'I');
    expect(folded(script)).toMatchObject({ prepared: [], portals: [], scope: folded(script).start });
  });
});

describe('a refused statement', () => {
  const unnamed = (): Script =>
    new Script()
      .ready()
      .event(
        'statement.prepared',
        { n: 0, name: '', parameterTypes: [], statements: [] },
        c(frontend.parse({ text: 'SELECT 1' }), frontend.sync()),
      )
      .passed(s(backend.parseComplete, ready('I')));
  const denied = { verdict: 'deny' as const, sqlstate: '42501' };
  const raised = (script: Script, n: number): Script =>
    script.event('proxy.statement', { n, purpose: 'refusal', sql: 'SELECT sallyport_refused' });
  const names = (script: Script): string[] => folded(script).prepared.map(({ name }) => name);

  it('of which the server never heard leaves the unnamed statement', () => {
    const script = unnamed().decided(1, 'query', c(query('DROP TABLE a')), denied);
    script.completed(1, s(error('42501', 'no'), ready('I')), { outcome: 'refused' });
    expect(names(script)).toEqual(['']);
    expect(folded(script)).toMatchObject({ pending: [], lastError: { n: 1 }, answer: { n: 1, outcome: 'refused' } });
  });

  it('that the server was made to raise took it, as a Query does; as a Parse it came under another name', () => {
    const asQuery = raised(unnamed().decided(1, 'query', c(query('DROP TABLE a')), denied), 1);
    asQuery.completed(1, s(error('42501', 'no'), ready('I')), { outcome: 'refused' });
    expect(names(asQuery)).toEqual([]);
    const parse = c(frontend.parse({ text: 'DROP TABLE a' }), frontend.sync());
    const asParse = raised(unnamed().decided(1, 'parse', parse, denied), 1);
    asParse.completed(1, s(error('42501', 'no'), ready('I')), { outcome: 'refused' });
    expect(names(asParse)).toEqual(['']);
  });

  it('is another thing than a Parse that the server itself refuses: that one has taken the unnamed statement', () => {
    const failing = { n: 1, name: '', parameterTypes: [], statements: [] };
    const script = unnamed().event('statement.prepared', failing, c(frontend.parse({ text: 'SELECT nope' }), frontend.sync()));
    script.passed(s(error('42703', 'no such column'), ready('I')));
    expect(names(script)).toEqual([]);
  });
});

describe('COPY', () => {
  it('in is in progress until its data ends, whatever Syncs come before', () => {
    const script = new Script()
      .ready()
      .event(
        'statement.prepared',
        { n: 1, name: '', parameterTypes: [], statements: [] },
        c(frontend.parse({ text: 'COPY t FROM STDIN' })),
      );
    script.decided(2, 'bind', c(frontend.bind(), frontend.execute(), frontend.sync()), { prepared: 1 });
    script.passed(s(backend.parseComplete, backend.bindComplete, backend.copyIn));
    script.passed(c(frontend.copyData(Buffer.from('1\n')), frontend.copyData(Buffer.from('22\n'))));
    expect(folded(script).copy).toEqual({ direction: 'in', messages: 2, bytes: 15, ended: false });
    script.passed(c(frontend.copyDone(), frontend.sync()), s(complete('COPY 2')));
    expect(folded(script)).toMatchObject({
      copy: null,
      pending: [{ kind: 'sync' }],
      answer: { n: 2, outcome: 'ok', tag: 'COPY 2' },
    });
    script.passed(s(ready('I')));
    expect(folded(script).pending).toEqual([]);
  });

  it('in that another message breaks off goes on at the Sync after that', () => {
    const script = new Script().ready();
    const ahead = [frontend.sync(), frontend.parse({ name: 'x', text: 'SELECT 1' }), frontend.sync()];
    script.passed(c(frontend.parse({ text: 'COPY t FROM STDIN' }), frontend.bind(), frontend.execute(), ...ahead));
    script.passed(s(backend.parseComplete, backend.bindComplete, backend.copyIn));
    expect(folded(script).pending.map(({ kind }) => kind)).toEqual(['execute', 'parse', 'sync']);
    script.passed(s(error('08P01', 'unexpected message type'), ready('I')));
    expect(folded(script)).toMatchObject({ copy: null, pending: [], skipping: false, prepared: [{ name: '' }] });
  });

  it('out is part of what the client was handed', () => {
    const script = new Script().ready().decided(1, 'query', c(query('COPY t TO STDOUT')));
    script.passed(s(backend.copyOut, backend.copyData('1\n')));
    expect(folded(script).copy).toEqual({ direction: 'out', messages: 1, bytes: 7, ended: false });
    script.completed(1, s(backend.copyDone, complete('COPY 1'), ready('I')));
    expect(folded(script)).toMatchObject({ copy: null, handed: { rows: 0, bytes: 7 }, transaction: { status: 'I' } });
  });
});

describe('what the wire does not show', () => {
  const facts = { effects: ['code' as const], reads: [], writes: [], functions: ['app.become'], unbounded: false, risks: [] };

  it('is named after code ran, until a later decision tells it', () => {
    const statements = [{ ...facts, verb: 'SELECT', from: 0, to: 19 }];
    const script = new Script().ready().decided(1, 'query', c(query('SELECT app.become()')), { statements });
    script.completed(1, s(columns({ name: 'become' }), row(''), complete('SELECT 1'), ready('I')));
    expect(folded(script).unknown).toEqual(['portals', 'prepared', 'role', 'search_path', 'settings', 'temp tables']);
    script.decided(2, 'query', c(query('SELECT 1')));
    expect(folded(script).unknown).toEqual(['portals', 'prepared', 'settings', 'temp tables']);
  });

  it('is known again where a rollback undoes it', () => {
    const script = ran(new Script().ready(), 1, 'BEGIN', 'BEGIN', 'T');
    ran(script, 2, 'DO $$ begin perform 1; end $$', 'DO', 'T');
    ran(script, 3, 'ROLLBACK', 'ROLLBACK', 'I');
    expect(folded(script).unknown).toEqual(['portals', 'prepared']);
  });

  it('is all that a lost range hid', () => {
    const script = new Script().ready().passed(lost(c(query('SET x.y = 1'))));
    script.passed(lost(s(complete('SET'), ready('I'))));
    expect(folded(script)).toMatchObject({
      bytes: { client: 17, server: 15, lost: 32 },
      unknown: ['portals', 'prepared', 'role', 'savepoints', 'search_path', 'settings', 'temp tables', 'transaction'],
      transaction: { status: null },
      pending: [],
    });
  });

  it('is everything where an event is missing', () => {
    const script = ran(new Script().ready(), 1, 'BEGIN', 'BEGIN', 'T');
    const state = fold(script.recorded.toSpliced(3, 1));
    expect(state.unknown).toContain('gap');
    expect(state.transaction.status).toBe('T');
  });
});

describe('withheld content', () => {
  it('of rows is counted, and enters the hash by its commitment', () => {
    const session = (...cells: string[]): SessionState =>
      folded(
        new Script()
          .ready()
          .decided(1, 'query', c(query('SELECT 1')))
          .withholding({ rows: 'cap' })
          .completed(1, s(columns({ name: 'a' }), ...cells.map((cell) => row(cell)), complete('SELECT 3'), ready('I'))),
      );
    expect(session('x', 'y', 'z')).toMatchObject({ handed: { rows: 3, kept: 0, bytes: 36 }, answer: { rows: 3, kept: 0 } });
    expect(stateHash(session('x', 'y', 'z'))).not.toBe(stateHash(session('x', 'y', 'w')));
  });

  it('of a SET leaves the settings unknown', () => {
    const script = new Script().ready().withholding({ sql: 'secret' });
    script
      .decided(1, 'query', c(query("SET app.password = 'x'")))
      .withholding({})
      .completed(1, s(complete('SET'), ready('I')));
    expect(folded(script).unknown).toContain('settings');
  });
});

describe('the hash of a state', () => {
  const session = ({ zone = 'UTC', cell = '1', status = 'T' as 'I' | 'T' }): Recorded[] => {
    const script = new Script().ready([{ name: 'TimeZone', value: zone }]);
    ran(script, 1, 'BEGIN', 'BEGIN', 'T');
    script.decided(2, 'query', c(query('SELECT a')));
    return script.completed(2, s(columns({ name: 'a' }), row(cell), row(null), complete('SELECT 2'), ready(status))).recorded;
  };

  it('is the same in any batching, also when the state is stored in between', () => {
    const whole = stateHash(fold(session({})));
    for (let cut = 0; cut <= session({}).length; cut++) {
      const stored = JSON.parse(JSON.stringify(fold(session({}).slice(0, cut)))) as SessionState;
      expect(stateHash(fold(session({}).slice(cut), stored))).toBe(whole);
    }
  });

  it('differs with one setting, one row, one transaction status', () => {
    const states = [session({}), session({ zone: 'CET' }), session({ cell: '2' }), session({ status: 'I' })];
    expect(new Set(states.map((each) => stateHash(fold(each)))).size).toBe(4);
  });

  it('pins its form: a change of it is a change of the version', () => {
    expect(stateHash(initialState)).toBe('fc31b287529ead0f70055987ba8ce18697b3f0e9f000e5ef46d06ef5f7623df3');
  });
});

describe('a message that spans events', () => {
  it('is the same message wherever the streams are cut', () => {
    const client = query("SET work_mem = '4MB'");
    const server = Buffer.concat([complete('SET'), backend.parameterStatus('work_mem', '4096kB'), ready('I')]);
    // Not within the five bytes that tell a message's type and length: a range lists a message once these are there.
    const cuts = Array.from(server.keys()).filter((cut) => [0, 9, 30].every((begin) => cut <= begin || cut >= begin + 5));
    expect(cuts.length).toBeGreaterThan(20);
    for (const cut of cuts) {
      const at = Math.max(5, Math.min(cut, client.length - 1));
      const script = new Script().ready().passed(c(client.subarray(0, at)));
      script.decided(1, 'query', c(client.subarray(at)));
      script.passed(s(server.subarray(0, cut))).completed(1, s(server.subarray(cut)));
      const state = folded(script);
      expect(setting(state, 'work_mem')).toEqual({ name: 'work_mem', value: '4096kB', local: null });
      expect(state.open).toEqual({ c: null, s: null });
    }
  });
});
