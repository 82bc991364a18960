import type { Event, EventOf } from '#events';
import { unaccounted } from './comparison.js';
import type { TappedSession } from './tapped-session.js';

const producer = '0192f0c1-2222-7333-8444-555566667777';
const sessions = ['0192f0c1-7a3c-7d11-9f3e-2b1c0a9d8e7f', '0192f0c1-7a3c-7d11-9f3e-2b1c0a9d8e80'] as const;

/** A session in which nobody says a word. */
const silent = (session: string, port: number): Event[] => [
  {
    ...{ at: 0, producer, pseq: 0, seq: 0, session, type: 'session.opened', v: 1 },
    data: { client: { address: '127.0.0.1', port }, parameters: [], database: 'app', user: 'bot' },
  },
  { ...{ at: 0, producer, pseq: 1, seq: 1, session, type: 'session.closed', v: 1 }, data: closed() },
];
const closed = (client = 0): EventOf<'session.closed'>['data'] => ({
  ...{ client, server: 0, statements: 0, reason: 'client-terminated' },
});
const seen = (port: number, said = ''): TappedSession => ({
  ...{ client: Buffer.from(said), server: Buffer.alloc(0), parameters: new Map<string, string>() },
  ...{ port, backendPid: 1, closed: true },
});
const found = (tapped: readonly TappedSession[], ...events: readonly Event[]): string[] =>
  unaccounted(tapped, { events, parts: [] });

describe('a record held against what a tap saw', () => {
  it('is right when each session is on both sides', () => {
    expect(found([seen(1), seen(2)], ...silent(sessions[0], 1), ...silent(sessions[1], 2))).toEqual([]);
  });

  it('tells sessions apart that had one port in turn', () => {
    expect(found([seen(1, 'said'), seen(1)], ...silent(sessions[0], 1), ...silent(sessions[1], 1))).toEqual([
      'no range accounts for c [0, 4)',
    ]);
  });

  it('names a session that went past the tap', () => {
    expect(found([seen(1)], ...silent(sessions[0], 1), ...silent(sessions[1], 2))).toEqual([
      `${sessions[1]}: is on record, and no tap saw it`,
    ]);
  });

  it('lets one be that was refused to a client from elsewhere, even under a port that the tap had', () => {
    const [opened, refused] = silent(sessions[1], 1) as [EventOf<'session.opened'>, Event];
    const elsewhere = { ...opened, data: { ...opened.data, client: { address: '127.1.0.1', port: 1 } } };
    const data = { stage: 'authentication', sqlstate: '28P01', reason: 'r' } as const;
    const both = [elsewhere, { ...refused, type: 'session.refused', data } as Event];
    expect(found([seen(1)], ...both, ...silent(sessions[0], 1))).toEqual([]);
  });

  it('names one that is not on record', () => {
    expect(found([seen(1)])).toEqual(['backend 1: its session is not on record']);
  });

  it('lets one be that never was ready', () => {
    expect(found([{ ...seen(1), backendPid: undefined }])).toEqual([]);
  });

  it('names one that is not on record as closed', () => {
    expect(found([seen(1)], ...silent(sessions[0], 1).slice(0, 1))).toEqual([`${sessions[0]}: is not on record as closed`]);
  });
});
