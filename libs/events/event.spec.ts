import { readFileSync } from 'node:fs';
import {
  commitment,
  type Event,
  eventHash,
  eventTypes,
  isCanonical,
  MalformedEvent,
  parseEvent,
  serialize,
  topicOf,
  topics,
  UnknownEvent,
} from '#events';

const producer = '6f1d2c3b-4a59-4e68-9c77-0123456789ab';
const session = '018f7c1e-0000-7000-8000-00000000000a';

const decided: Event = {
  at: 1790000000500,
  producer,
  pseq: 2,
  seq: 1,
  session,
  type: 'statement.decided',
  v: 1,
  wire: [{ dir: 'c', from: 0, to: 26, msgs: 'Q26' }],
  parts: [{ name: 'sql', len: 26, alg: 'sha256-salted', commit: 'Qu1dY2YnUuZxZk6PzJIyyC++bnGKuxtJ4gOGXPNT604=' }],
  data: {
    n: 0,
    count: 1,
    form: 'query',
    verdict: 'deny',
    rule: 'deny-ddl',
    reason: 'no “DDL” here',
    policy: 'a'.repeat(64),
    analyzer: '1',
    durability: 'strict',
    on: { catalog: 'b'.repeat(64), role: 'svc', searchPath: ['public'], transaction: 'I' },
    statements: [
      {
        verb: 'DROP TABLE',
        effects: ['ddl'],
        reads: [],
        writes: ['public.customers'],
        functions: [],
        unbounded: false,
        risks: ['ddl'],
        from: 0,
        to: 20,
      },
    ],
  },
};

describe('serialize', () => {
  it('writes canonical bytes straight from the schema', () => {
    const bytes = Buffer.from(serialize(decided), 'utf8');
    expect(isCanonical(bytes)).toBe(true);
    expect(parseEvent(bytes)).toEqual(decided);
  });
});

describe('parseEvent', () => {
  it.each([
    ['text that is no JSON', '{', MalformedEvent],
    ['an event without a type', '{"v":1}', MalformedEvent],
    ['a type that nobody knows', '{"type":"session.sneezed","v":1}', UnknownEvent],
    ['a version to come', '{"type":"session.closed","v":2}', UnknownEvent],
    ['a key that the schema lacks', serialize(decided).replace('"data":{', '"data":{"a":1,'), MalformedEvent],
  ])('refuses %s', (_, text, kind) => {
    expect(() => parseEvent(Buffer.from(text))).toThrow(kind);
  });
});

describe('topicOf', () => {
  it('knows a topic for every type', () => {
    expect(new Set(eventTypes.map(topicOf))).toEqual(new Set([topics.events, topics.control]));
  });
});

describe('the published vectors', () => {
  interface Vectors {
    readonly events: readonly { readonly canon: string; readonly event_hash: string }[];
    readonly part_commit: string;
  }
  const vectors = JSON.parse(readFileSync('test/vectors/vectors.json', 'utf8')) as Vectors;

  it.each(vectors.events.map(({ canon, event_hash }) => [canon, event_hash]))('are reproduced: %s', (canon, hash) => {
    const bytes = Buffer.from(canon, 'utf8');
    expect(isCanonical(bytes)).toBe(true);
    expect(eventHash(bytes).toString('hex')).toBe(hash);
  });

  it('commit to a part', () => {
    expect(commitment(Buffer.alloc(32, 9), [Buffer.from('DROP TABLE '), Buffer.from('customers')]).toString('hex')).toBe(
      vectors.part_commit,
    );
  });
});
