import { LogFailed } from '#event-log';
import { request } from '#pgwire';
import type { Decision } from '#policy';
import type { Resolved, Written } from '#sql';
import { HoldDesk } from '../hold-desk.js';
import { Judge } from './port.js';
import { Session } from './session.js';
import { Bench, done, failure, ready } from './testing/bench.js';

/** Holds every DELETE. */
class HoldingJudge extends Judge {
  readonly policy = 'a'.repeat(64);
  readonly catalog = 'b'.repeat(64);
  readonly isStale = false;
  readonly analyzer = 'test';
  resolve(written: Written): Resolved {
    const none = { effects: [], reads: [], writes: [], functions: [], unbounded: false, risks: [], from: 0, to: 0 };
    return { facts: { verb: written.verb, ...none }, act: written.act, changes: 'nothing', relations: [] };
  }
  decide(statements: readonly Resolved[]): Decision {
    if (!statements.some(({ facts }) => facts.verb.startsWith('DELETE'))) return { verdict: 'allow', rule: 'rest', reason: '' };
    const hold = { approvers: ['a'], quorum: 1, waitMs: 1000, expiresMs: 60_000, mode: 'wait' } as const;
    return { verdict: 'hold', rule: 'held', reason: 'r', ...hold };
  }
}

function holding(): { bench: Bench; session: Session } {
  const bench = new Bench();
  const facts = {
    id: '018f7c1e-0000-7000-8000-00000000000b',
    principal: { issuer: 'i', subject: 's', kind: 'agent' as const, groups: [] },
    actors: [],
    run: {},
    mayRunAs: ['r'],
    target: 'main',
    database: 'app',
    durability: 'strict' as const,
    limits: { messageBytes: 1_000_000, statementResultBytes: 1000, sessionResultBytes: 10_000, waitingBytes: 100_000 },
  };
  const desk = new HoldDesk({ now: () => 0, random: (n) => Buffer.alloc(n, 1) });
  const session = new Session(facts, bench, new HoldingJudge(), desk, { role: 'r', searchPath: ['public'] });
  return { bench, session };
}

describe('a hold that the log could not take', () => {
  it('leaves no byte of its statement unaccounted for', () => {
    const { bench, session } = holding();
    const held = request.query('DELETE FROM a');
    session.fromClient(held);
    bench.drafts.length = 0; // what was handed to the log is lost
    bench.settle(new LogFailed('EIO'));
    bench.settle();
    const ranges = bench.drafts.flatMap(({ wire = [] }) => wire).filter(({ dir }) => dir === 'c');
    expect(ranges.map(({ from, to, lost }) => ({ from, to, lost }))).toEqual([{ from: 0, to: held.length, lost: 'log' }]);
  });

  it('is opened anew when its statement is sent again in a transaction, not pending where nobody can vote', () => {
    const { bench, session } = holding();
    session.fromClient(request.query('BEGIN'));
    bench.settle();
    session.fromServer(Buffer.concat([done('BEGIN'), ready('T')]));
    session.fromClient(request.query('DELETE FROM a'));
    bench.drafts.length = 0;
    bench.settle(new LogFailed('EIO'));
    session.fromServer(Buffer.concat([failure('42703'), ready('E')]));
    session.fromClient(request.query('ROLLBACK'));
    bench.settle();
    session.fromServer(Buffer.concat([done('ROLLBACK'), ready('I')]));
    session.fromClient(request.query('DELETE FROM a'));
    expect(bench.drafts.map(({ type }) => type)).toContain('statement.held');
  });
});
