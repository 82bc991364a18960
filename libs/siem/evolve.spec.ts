import { absent, type EndedStatement, evolve, initialState, type Recorded } from '#siem';
import { facts, Recording } from './testing/recording.js';

const fold = (events: readonly Recorded[]): EndedStatement[] => {
  let state = initialState(Recording.session);
  return events.flatMap((recorded) => {
    const step = evolve(state, recorded);
    ({ state } = step);
    return step.ended;
  });
};
/** What tells the statements apart: number, verdict, outcome, text, and the seq of the event that ended it. */
const told = (recording: Recording) =>
  fold(recording.events).map(({ n, decided, completion, by }) => ({
    n,
    verdict: decided?.decision.verdict,
    outcome: completion?.outcome,
    text: decided?.text.kind === 'sql' ? decided.text.sql.toString() : decided?.text.why,
    seq: by.seq,
  }));
const start = () => new Recording().authenticated();
const select = facts('SELECT', { to: 8 });

describe('the fold of statements', () => {
  it('ends an allowed statement with its completion', () => {
    expect(told(start().decided(0, [select], {}, 'SELECT 1').completed(0, { rows: 1 }).closed())).toEqual([
      { n: 0, verdict: 'allow', outcome: 'ok', text: 'SELECT 1', seq: 3 },
    ]);
  });

  it('ends a denied statement with its denial, once', () => {
    const drop = facts('DROP TABLE', { to: 6 });
    expect(told(start().decided(0, [drop], { verdict: 'deny' }, 'DROP t').completed(0, { outcome: 'refused' }).closed())).toEqual(
      [{ n: 0, verdict: 'deny', outcome: undefined, text: 'DROP t', seq: 2 }],
    );
  });

  it('gives each statement of a string its own text', () => {
    const two = [facts('SELECT', { from: 0, to: 8 }), facts('DELETE', { from: 10, to: 18 })];
    expect(told(start().decided(4, two, {}, 'SELECT 1; DELETE t').completed(4).completed(5, { outcome: 'error' }))).toEqual([
      { n: 4, verdict: 'allow', outcome: 'ok', text: 'SELECT 1', seq: 3 },
      { n: 5, verdict: 'allow', outcome: 'error', text: 'DELETE t', seq: 4 },
    ]);
  });

  it('ends a held statement with what was decided in the end, by the text that it was held with', () => {
    const held = start().decided(0, [select], { verdict: 'hold' }, 'SELECT 1');
    expect(told(held)).toEqual([]);
    expect(told(held.decided(0, [select], { verdict: 'allow' }).completed(0))).toEqual([
      { n: 0, verdict: 'allow', outcome: 'ok', text: 'SELECT 1', seq: 4 },
    ]);
    const refused = start().decided(0, [select], { verdict: 'hold' }, 'SELECT 1').decided(0, [select], { verdict: 'deny' });
    expect(told(refused)).toEqual([{ n: 0, verdict: 'deny', outcome: undefined, text: 'SELECT 1', seq: 3 }]);
  });

  it('ends every statement of a held string when it is refused as one', () => {
    const two = [facts('SELECT', { to: 8 }), facts('SELECT', { from: 9, to: 17 })];
    const held = start().decided(0, two, { verdict: 'hold' }, 'SELECT 1;SELECT 2').completed(0, { outcome: 'refused' });
    expect(told(held)).toEqual([
      { n: 0, verdict: 'hold', outcome: 'refused', text: 'SELECT 1', seq: 3 },
      { n: 1, verdict: 'hold', outcome: 'refused', text: 'SELECT 2', seq: 3 },
    ]);
  });

  it('finds the text of a Bind in its Parse, and of a further Execute in its portal', () => {
    const recording = start()
      .prepared(0, 'p', 'SELECT $1')
      .prepared(1, 'p', 'SELECT $2')
      .decided(2, [facts('SELECT', { to: 9 })], { form: 'bind', prepared: 1, portal: 'q' })
      .completed(2, { outcome: 'suspended' })
      .decided(3, [facts('SELECT', { to: 9 })], { form: 'execute', portal: 'q' })
      .completed(3)
      .decided(4, [facts('SELECT', { to: 9 })], { form: 'bind', prepared: 0 })
      .completed(4);
    expect(told(recording).map(({ n, text }) => [n, text])).toEqual([
      [2, 'SELECT $2'],
      [3, 'SELECT $2'],
      [4, 'forgotten'], // its name was prepared anew: nothing can be bound to it any more
    ]);
  });

  it('ends what never completed with its session', () => {
    expect(told(start().decided(0, [select], {}, 'SELECT 1').closed())).toEqual([
      { n: 0, verdict: 'allow', outcome: undefined, text: 'SELECT 1', seq: 3 },
    ]);
  });

  it('says why there is no text', () => {
    const recording = start()
      .decided(0, [select], {}, absent('withheld'))
      .completed(0)
      .decided(1, [select])
      .completed(1)
      .decided(2, [facts('SELECT', { to: 99 })], {}, 'SELECT 1')
      .completed(2)
      .decided(3, [], { form: 'call', verdict: 'deny' })
      .completed(3, { outcome: 'refused' })
      .completed(7, { outcome: 'refused' });
    expect(told(recording).map(({ n, text }) => [n, text])).toEqual([
      [0, 'withheld'],
      [1, 'missing'],
      [2, 'unreadable'],
      [3, 'none'],
      [7, undefined], // its decision was lost with the log
    ]);
  });

  it('is moved by no event that comes again', () => {
    const { events } = start().decided(0, [select], {}, 'SELECT 1').completed(0).decided(1, [select], {}, 'SELECT 2').closed();
    const again = events.flatMap((_, i) => [...events.slice(Math.max(0, i - 2), i), ...events.slice(i, i + 1)]);
    expect(fold(again)).toEqual(fold(events));
  });

  it('ends each of many statements under way, whatever the order', () => {
    const numbers = Array.from({ length: 300 }, (_, i) => i * 47);
    const late = numbers.filter((n) => n % 2 === 1).reverse();
    const recording = start();
    for (const n of numbers) recording.decided(n, [select], {}, 'SELECT 1');
    for (const n of late) recording.completed(n);
    const never = numbers.filter((n) => n % 2 === 0);
    expect(fold(recording.closed().events).map(({ n }) => n)).toEqual([...late, ...never]);
  });

  it('knows the completion of a denied string of several, however many come', () => {
    const two = [facts('DROP TABLE', { to: 6 }), facts('DROP TABLE', { from: 7, to: 13 })];
    const denied = start().decided(0, two, { verdict: 'deny' }, 'DROP a;DROP b').completed(0, { outcome: 'refused' });
    denied.completed(1, { outcome: 'refused' }).decided(2, [select], {}, 'SELECT 1').completed(2).completed(3);
    expect(told(denied).map(({ n, verdict }) => [n, verdict])).toEqual([
      [0, 'deny'],
      [1, 'deny'],
      [2, 'allow'],
      [3, undefined],
    ]);
  });

  it('leaves the state that it was given as it was', () => {
    const { events } = start().decided(0, [select], {}, 'SELECT 1').completed(0);
    let state = initialState(Recording.session);
    for (const recorded of events) {
      const first = evolve(state, recorded);
      expect(evolve(state, recorded)).toEqual(first);
      ({ state } = first);
    }
  });
});
