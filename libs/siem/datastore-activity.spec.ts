import { readFileSync } from 'node:fs';
import { datastoreActivity, type EndedStatement, evolve, initialState, recordBytes, type ShownText } from '#siem';
import { facts, Recording } from './testing/recording.js';
import { ocsfFaults } from '../../test/ocsf.js';

const ended = ({ events }: Recording): EndedStatement[] => {
  let state = initialState(Recording.session);
  return events.flatMap((recorded) => {
    const step = evolve(state, recorded);
    ({ state } = step);
    return step.ended;
  });
};
const shown: ShownText = { kind: 'redacted', text: 'DELETE FROM orders WHERE id = ?' };
const product = { version: '0.1.0' };
const recordsOf = (recording: Recording) => ended(recording).map((statement) => datastoreActivity(statement, shown, product));
const start = () => new Recording().authenticated();
const drop = facts('DROP TABLE', { to: 6, effects: ['ddl'], writes: ['public.customers'] });

/** One of every kind that a session can hold. */
const everything = () =>
  new Recording()
    .decided(0, [facts('SELECT', { to: 1 })], {}, 'x')
    .completed(0)
    .authenticated()
    .decided(1, [facts('SELECT', { to: 1, reads: ['public.orders'] })], { masked: ['public.customers.ssn'] }, 'x')
    .completed(1, { rows: 3, bytes: 99, us: 1_500, tag: 'SELECT 3' })
    .decided(2, [drop], { verdict: 'deny', rule: 'no-ddl', reason: 'agents change no schema', sqlstate: '42501' }, 'DROP x')
    .decided(3, [drop], { verdict: 'hold', rule: 'ask', approval: Recording.session }, 'DROP x')
    .completed(3, { outcome: 'refused', sqlstate: '42501' })
    .decided(4, [], { verdict: 'deny', rule: 'sallyport:syntax', reason: `at or near "'4111'"`, sqlstate: '42601' }, 'x')
    .decided(5, [facts('SET', { to: 1 })], {}, 'x')
    .completed(5, { outcome: 'error', sqlstate: '22023' })
    .decided(6, [facts('COPY', { to: 1, writes: ['public.orders'] })], {}, 'x')
    .completed(6, { outcome: 'unknown' })
    .completed(9, { outcome: 'refused', sqlstate: '58030' })
    .decided(7, [facts('UPDATE', { to: 1 })], {}, 'x')
    .closed();

describe('a Datastore Activity record', () => {
  it('is checked by a validator that takes the published example and sees what is wrong with it', () => {
    const example = JSON.parse(readFileSync('test/vectors/ocsf-6005-v1.8.0.json', 'utf8')) as Record<string, unknown>;
    expect(ocsfFaults(example)).toEqual([]);
    expect(ocsfFaults({ ...example, type_uid: 600_504 })).toEqual(['type_uid: is not class_uid * 100 + activity_id']);
    expect(ocsfFaults({ ...example, severity: null })).toEqual([
      '.severity: is no string',
      'severity: null is not the caption of 4',
    ]);
    const neither = Object.fromEntries(Object.entries(example).filter(([name]) => name !== 'database' && name !== 'table'));
    expect(ocsfFaults(neither)).toEqual([': has none of database, databucket, table']);
    expect(ocsfFaults({ ...example, query_info: { uid: 'a' } })).toEqual(['.query_info.query_string: is missing']);
  });

  it.each(['agent', 'human'] as const)('is valid for every way that a statement of an %s can end', (kind) => {
    const records = recordsOf(
      kind === 'agent' ? everything() : new Recording().authenticated(kind).decided(0, [drop], {}, 'DROP x').completed(0),
    );
    expect(records.flatMap(ocsfFaults)).toEqual([]);
    expect(records).toHaveLength(kind === 'agent' ? 9 : 1);
  });

  it('says what was done, who did it, where, by which rule, and how it ended', () => {
    const [record] = recordsOf(
      start().decided(
        0,
        [drop],
        { verdict: 'deny', rule: 'no-ddl', reason: 'agents change no schema', sqlstate: '42501' },
        'DROP x',
      ),
    );
    const { sha256 = '', hash = '' } =
      start().decided(0, [drop], { verdict: 'deny', rule: 'no-ddl', reason: 'agents change no schema', sqlstate: '42501' })
        .events[2] ?? {};
    const { session, producer, policy } = Recording;
    expect(record).toEqual({
      activity_id: 7,
      activity_name: 'Delete',
      category_uid: 6,
      category_name: 'Application Activity',
      class_uid: 6005,
      class_name: 'Datastore Activity',
      type_uid: 600_507,
      type_name: 'Datastore Activity: Delete',
      time: 1_790_000_000_002,
      timezone_offset: 0,
      severity_id: 4,
      severity: 'High',
      status_id: 2,
      status: 'Failure',
      status_code: '42501',
      status_detail: 'Denied by rule no-ddl: agents change no schema',
      message: 'agent billing-bot was denied DROP TABLE public.customers on main/shop',
      action_id: 2,
      action: 'Denied',
      disposition_id: 2,
      disposition: 'Blocked',
      is_alert: true,
      policy: { name: 'sallyport', uid: policy, is_applied: true },
      firewall_rule: { name: 'no-ddl', uid: 'aaaaaaaaaaaa/no-ddl' },
      actor: {
        app_name: 'billing-bot',
        app_uid: 'agent:billing-bot',
        user: {
          name: 'billing-bot',
          uid: 'https://id.example|billing-bot',
          domain: 'https://id.example',
          type_id: 3,
          type: 'System',
          groups: [{ name: 'agents' }],
        },
        session: {
          uid: session,
          created_time: 1_790_000_000_000,
          issuer: 'https://id.example',
          is_remote: true,
          credential_uid: 'tok-91c2',
        },
      },
      src_endpoint: { ip: '10.1.2.3', port: 51_422, name: '10.1.2.3' },
      dst_endpoint: { name: 'main', svc_name: 'postgresql' },
      database: { name: 'shop', uid: 'main/shop', type_id: 1, type: 'Relational' },
      table: { name: 'public.customers', uid: 'main/shop/public.customers' },
      type_id: 3,
      type: 'Table',
      query_info: { uid: `${session}/0`, query_string: shown.text, query_time: 1_790_000_000_002 },
      message_context: {
        uid: session,
        ai_role_id: 4,
        ai_role: 'Agent',
        application: { name: 'billing-bot' },
        service: { name: 'sallyport' },
      },
      metadata: {
        version: '1.8.0',
        profiles: ['ai_operation', 'security_control'],
        product: { name: 'sallyport', vendor_name: 'Sallyport', version: '0.1.0' },
        uid: `${producer}/3/0`,
        sequence: 2,
        correlation_uid: session,
        event_code: 'statement.decided',
        log_name: 'sallyport.ocsf.datastore_activity.v1',
        log_provider: 'sallyport',
        original_time: '2026-09-21T14:13:20.002Z',
      },
      raw_data_hash: { algorithm_id: 3, algorithm: 'SHA-256', value: sha256 },
      unmapped: {
        sallyport: {
          statement: `${session}/0`,
          session_seq: 2,
          event_hash: hash,
          verdict: 'deny',
          form: 'query',
          analyzer: 'sql/1',
          role: 'app_rw',
          durability: 'strict',
          login: 'app_rw',
          verb: 'DROP TABLE',
          rows: 0,
          bytes: 0,
          reads: [],
          writes: ['public.customers'],
          risks: [],
          masked: [],
          cut: [],
        },
      },
    });
  });

  it.each([
    ['SELECT', 4],
    ['SELECT FOR UPDATE', 4],
    ['SELECT INTO', 6],
    ['INSERT', 5],
    ['UPDATE', 2],
    ['MERGE', 2],
    ['DELETE', 7],
    ['TRUNCATE', 7],
    ['DROP SCHEMA', 7],
    ['CREATE TABLE AS', 6],
    ['ALTER TABLE', 2],
    ['GRANT ROLE', 2],
    ['COPY', 1],
    ['BEGIN', 99],
  ])('has for %s the activity %i', (verb, id) => {
    const [record] = recordsOf(
      start()
        .decided(0, [facts(verb, { to: 1 })], {}, 'x')
        .completed(0),
    );
    expect([record?.activity_id, record?.type_uid]).toEqual([id, 600_500 + id]);
  });

  it('tells by action, disposition, status and severity what became of the statement', () => {
    const told = recordsOf(everything()).map(({ action, disposition, status, severity }) =>
      [action, disposition, status, severity].join(' '),
    );
    expect(told).toEqual([
      'Allowed Allowed Success Informational',
      'Modified Allowed Success Informational',
      'Denied Blocked Failure High',
      'Denied Delayed Failure High',
      'Denied Blocked Failure Low',
      'Allowed Allowed Failure Low',
      'Allowed Allowed Unknown Low',
      'Unknown Unknown Failure Low',
      'Allowed Allowed Unknown Low',
    ]);
  });

  it("repeats no words of the analysis, which may quote the statement's literals", () => {
    expect(recordsOf(everything()).filter((record) => JSON.stringify(record).includes('4111'))).toEqual([]);
  });

  it('takes at most 32 KiB, whatever is long, and says what it cut', () => {
    const long = (what: string) => `${what}${'"\u0001é'.repeat(40_000)}`;
    const names = Array.from({ length: 500 }, (_, i) => long(`t${i}`).slice(0, 63));
    const giant = new Recording()
      .event('session.opened', { client: { address: '::1', port: 1 }, parameters: [], database: 'd', user: 'u' })
      .event('session.authenticated', {
        principal: { groups: names, issuer: long('i').slice(0, 5_000), kind: 'agent', subject: long('s').slice(0, 5_000) },
        ...{
          method: 'oidc',
          login: long('l').slice(0, 200),
          target: 't',
          database: long('d').slice(0, 200),
          durability: 'strict',
        },
        ...{ policy: Recording.policy, token: long('k').slice(0, 5_000) },
      })
      .decided(
        0,
        [facts('SELECT', { to: 1, reads: names, writes: names, risks: names })],
        { verdict: 'deny', rule: long('r').slice(0, 2_000), reason: long('w').slice(0, 9_000), masked: names },
        'x',
      );
    const [record] = ended(giant).map((statement) =>
      datastoreActivity(statement, { kind: 'redacted', text: `${long('q').slice(0, 3_000)}${'😀'.repeat(9_000)}` }, product),
    );
    expect(ocsfFaults(record ?? {})).toEqual([]);
    expect(Buffer.byteLength(JSON.stringify(record))).toBeLessThanOrEqual(recordBytes);
    expect(record?.query_info?.query_string).not.toMatch(/\p{Surrogate}/u);
    expect(record?.unmapped.sallyport.cut).toEqual([
      ...['status_detail', 'message', 'name', 'groups', 'query_string', 'reads', 'writes', 'risks', 'masked'],
    ]);
  });
});
