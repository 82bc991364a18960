import { evolve, initialState, rules } from '#detection';
import { type Event, type EventOf, parseEvent, serialize } from '#events';

const producer = '01936f00-0000-7000-8000-00000000000f';

function found(seq: number, over: Partial<EventOf<'bypass.found'>['data']>): Event {
  const data = {
    ...{
      finding: 'f'.repeat(64),
      target: 'main',
      what: 'connection',
      pid: 7,
      start: 1_000,
      time: 1_500,
      inputs: [`${producer}/3`],
    },
    ...over,
  };
  const event = { at: 9_000, data, producer, pseq: seq, seq, session: producer, type: 'bypass.found', v: 1 } as unknown as Event;
  return parseEvent(Buffer.from(serialize(event)));
}

it('raises one alert for a connection past the proxy, of no session, and none for its statements', () => {
  const who = { user: 'postgres', database: 'shop', application: 'psql', client: { host: '10.1.2.3' } };
  const events = [found(4, who), found(5, { ...who, what: 'statement', command: 'SELECT' })];
  let state = initialState(rules, producer);
  const alerts = events.flatMap((event) => {
    const step = evolve(rules, state, event);
    ({ state } = step);
    return step.alerts;
  });
  expect(alerts).toEqual([
    {
      alert: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      ...{ rule: 'R02', ruleVersion: 1, severity: 'high', title: 'Connected past Sallyport' },
      inputs: [`${producer}/4`],
      threshold: 'one connection that nothing explains: postgres to main/shop from 10.1.2.3 as psql',
      eventTime: 9_000,
    },
  ]);
});
