import 'reflect-metadata';
import { PassThrough } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { SegmentReader } from '#event-log';
import { RecordedSession } from '../fixtures/recorded.js';
import { Rig } from '../fixtures/rig.js';
import { Positions } from '../log/positions.js';
import { SessionIndex } from '../log/session-index.js';
import { Tails } from './tails.js';

const session = '01936f00-0000-7000-8000-000000000001';
const other = '01936f00-0000-7000-8000-000000000002';
let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

interface Sent {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly session: string; readonly seq: number; readonly type: string };
}

/** Server-sent events. The first has no data: it says where the tail begins. */
async function* listen(query: string, headers: Record<string, string> = {}): AsyncGenerator<Sent> {
  const ending = new AbortController();
  const response = await fetch(`${rig.url}/api/v1/tail?${query}`, {
    headers: { authorization: `Bearer ${rig.token('viewer')}`, ...headers },
    signal: ending.signal,
  });
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  let text = '';
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const fields = Object.fromEntries(
          text
            .slice(0, end)
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        );
        text = text.slice(end + 2);
        yield { id: fields['id'] ?? '', event: fields['event'] ?? '', data: JSON.parse(fields['data'] ?? '{}') as Sent['data'] };
      }
    }
  } finally {
    ending.abort();
  }
}

/** The next events that the test asks for, others left out. */
async function take(tail: AsyncGenerator<Sent>, count: number, ofSession: string): Promise<Sent[]> {
  const taken: Sent[] = [];
  while (taken.length < count) {
    const { value } = (await tail.next()) as { value: Sent };
    if (value.data.session === ofSession) taken.push(value);
  }
  return taken;
}

describe('a tail', () => {
  const one = new RecordedSession(session).read(['Ada']);
  const two = new RecordedSession(other).read(['Bob']);

  it('of a session begins with its first event, goes on as it lives, and resumes where it broke off', async () => {
    await rig.happens([...one.drafts.slice(0, 2), ...two.drafts.slice(0, 2)]);
    const tail = listen(`session=${session}`);
    const [began, ...first] = [await tail.next(), await tail.next(), await tail.next()].map(({ value }) => value as Sent);
    expect(began?.id).not.toBe('');
    await rig.happens([...two.drafts.slice(2), ...one.drafts.slice(2, 4)]);
    const third = (await tail.next()).value as Sent;
    await tail.return(undefined);
    expect([...first, third].map(({ event, data }) => [event, data.session, data.seq])).toEqual([
      ['session.opened', session, 0],
      ['session.authenticated', session, 1],
      ['session.ready', session, 2],
    ]);
    const resumed = listen(`session=${session}`, { 'last-event-id': third.id });
    expect((await take(resumed, 1, session))[0]?.data).toMatchObject({ type: 'statement.decided', seq: 3 });
    await resumed.return(undefined);
  });

  it('of everything begins now, and resumes without a gap or a repetition', async () => {
    const { id, drafts } = new RecordedSession('01936f00-0000-7000-8000-000000000003').read(['Cem']).closed();
    const tail = listen('');
    await tail.next();
    await rig.happens(drafts.slice(0, 2));
    const seen = await take(tail, 2, id);
    await tail.return(undefined);
    await rig.happens(drafts.slice(2));
    const resumed = listen('', { 'last-event-id': seen.at(-1)?.id ?? '' });
    const rest = await take(resumed, drafts.length - 2, id);
    await resumed.return(undefined);
    expect([...seen, ...rest].map(({ data }) => data.seq)).toEqual(drafts.map((_, i) => i));
  });

  it('ends some time, so that who listens shows again who they are', async () => {
    const reader = new SegmentReader({ dataDir: rig.dataDir });
    const tails = new Tails(reader, rig.app.get(Positions), rig.app.get(SessionIndex), 20);
    const sent = new PassThrough();
    await tails.run(tails.begin({ session: undefined, lastEventId: undefined }), undefined, sent);
    expect(await textOf(sent)).toMatch(/^id: \S+\nretry: 1000\n\n$/);
    await reader.close();
  });

  it('refuses an id that it never gave', async () => {
    expect(await rig.ask('viewer', 'GET', 'tail', undefined, { 'last-event-id': 'x' })).toMatchObject({ status: 400 });
  });
});
