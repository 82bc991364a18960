import 'reflect-metadata';
import { createHash } from 'node:crypto';
import type { EventOf } from '#events';
import { Rig } from '../fixtures/rig.js';

const policy = `roles:
  - { name: oncall, when: '"oncall" in claims', target: main, databases: [shop], login: app_rw }
  - { name: agents, groups: [agents], target: main, databases: [shop, 'test_*'], login: app_ro }
rules: [{ name: everything, then: allow }]
masks: [{ column: public.people.ssn, mask: redact }]
`;
const hash = createHash('sha256').update(policy).digest('hex');
const opened = { client: { address: '::1', port: 1 }, parameters: [], database: 'shop', user: 'u' };
const came = (subject: string, issuer: string): EventOf<'session.authenticated'>['data'] => ({
  principal: { groups: ['agents'], issuer, kind: 'agent', subject },
  actors: [{ issuer, subject: 'planner' }],
  claims: '{"oncall":true}',
  ...{ method: 'oidc', login: 'app_ro', target: 'main', database: 'shop', durability: 'strict', policy: hash },
});

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

it('before a policy was activated it is told who one is, and no database', async () => {
  expect((await rig.get('nobody', 'whoami')).body).toMatchObject({ roles: [], policy: null, databases: [] });
  expect(await rig.get('viewer', 'access?principal=bot&target=main')).toMatchObject({ status: 404 });
});

describe('once a policy is active', () => {
  beforeAll(async () => {
    const session = (n: number) => `01936f00-0000-7000-8000-00000000000${n}`;
    await rig.happens([
      {
        type: 'policy.activated',
        data: { hash, source: 'policy.yml' },
        parts: [{ name: 'policy', bytes: [Buffer.from(policy)] }],
      },
      { type: 'session.opened', session: session(1), data: opened },
      { type: 'session.authenticated', session: session(1), data: came('bot', 'https://a') },
      { type: 'session.opened', session: session(2), data: opened },
      { type: 'session.authenticated', session: session(2), data: came('twin', 'https://a') },
      { type: 'session.opened', session: session(3), data: opened },
      { type: 'session.authenticated', session: session(3), data: came('twin', 'https://b') },
    ]);
  });

  it('whoever has a good token hears who they are and where they may go', async () => {
    const { status, body } = await rig.get('agent', 'whoami');
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        principal: { groups: ['agents', 'approvers'], issuer: 'sallyport', kind: 'service', subject: 'billing-bot' },
        actors: [],
        roles: ['approver'],
        expires: expect.any(Number) as number,
        policy: hash,
        databases: [
          { target: 'main', database: 'shop', role: 'agents', login: 'app_ro' },
          { target: 'main', database: 'test_*', role: 'agents', login: 'app_ro' },
        ],
      },
    });
  });

  it('a principal that has come is explained as it was then', async () => {
    expect((await rig.get('viewer', 'access?principal=bot&target=main')).body).toMatchObject({
      principal: { subject: 'bot', issuer: 'https://a' },
      actors: [{ issuer: 'https://a', subject: 'planner' }],
      policy: hash,
      unknownClaims: [],
      items: [
        {
          database: 'shop',
          granted: { name: 'oncall', login: 'app_rw' },
          passed: [],
          masks: [{ column: 'public.people.ssn', mask: 'redact', exemptBy: null }],
          rules: [{ name: 'everything', then: 'allow', depends: false }],
        },
      ],
    });
    const elsewhere = await rig.get('viewer', 'access?principal=https%3A%2F%2Fa%23twin&target=main&database=test_1');
    expect(elsewhere.body).toMatchObject({
      items: [{ granted: { name: 'agents' }, passed: [{ name: 'oncall', failed: false }] }],
    });
  });

  it.each([
    ['principal=nobody&target=main', 404],
    ['principal=twin&target=main', 400],
    ['principal=bot&target=other', 400],
    ['principal=bot', 400],
  ])('%s cannot be explained: %s', async (query, status) => {
    expect((await rig.get('viewer', `access?${query}`)).status).toBe(status);
  });
});
