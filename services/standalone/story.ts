import { SegmentReader } from '#event-log';
import { type Recorded, steps } from '#replay';
import type { DemoRole } from './cast.js';
import type { DemoClient } from './identity-provider/settings.js';
import { Agent } from './story/agent.js';
import { approve } from './story/approver.js';
import { Chronicle } from './story/chronicle.js';
import { lineOfOthers, linesOf } from './story/lines.js';

/** What a played session has at hand. */
export interface StoryContext {
  /** Where the proxy listens, and the file of the authority that its certificate is by. */
  readonly proxy: { readonly host: string; readonly port: number; readonly ca: string };
  readonly database: string;
  readonly apiUrl: string;
  /** Where the event log is read back from. */
  readonly dataDir: string;
  readonly clientOf: (role: DemoRole) => DemoClient;
  /** By client credentials, from the identity provider. */
  readonly fetchToken: (client: DemoClient) => Promise<string>;
  /** A line of the story. */
  readonly say: (line: string) => void;
  /** Aborts when the demo is to stop. */
  readonly signal: AbortSignal;
}

/**
 * Plays the agent's session and tells it. Every line is read back from the event log: what is not on record is not told.
 * @returns the session's id
 */
export async function play(context: StoryContext): Promise<string> {
  const { proxy, database, dataDir, clientOf, fetchToken, signal } = context;
  const began = Date.now();
  const told = new AbortController();
  const reader = new SegmentReader({ dataDir });
  const chronicle = new Chronicle(reader, began, AbortSignal.any([signal, told.signal]));
  let agent: Agent | undefined;
  try {
    const bot = clientOf('agent');
    const password = await fetchToken(bot);
    agent = await Agent.connect({ ...proxy, database, user: bot.id, password, signal });
    const { backend } = agent;
    const session = await chronicle.until('the session', (recorded) => sessionOf(recorded, backend));
    await new Telling(context, chronicle, session, agent).all();
    return session;
  } finally {
    await agent?.leave();
    told.abort();
    await reader.close();
  }
}

function sessionOf(recorded: readonly Recorded[], backend: number): string | undefined {
  return recorded.find(({ event }) => event.type === 'session.ready' && event.data.backend === backend)?.event.session;
}

/** The scenes, and the telling of each as soon as it is on record. */
class Telling {
  private next = 0;

  constructor(
    private readonly context: StoryContext,
    private readonly chronicle: Chronicle,
    private readonly session: string,
    private readonly agent: Agent,
  ) {}

  async all(): Promise<void> {
    await this.reads();
    await this.transaction();
    await this.mistakes();
    await this.massDelete();
    await this.alert();
    await this.agent.leave();
    await this.chronicle.until('the end of the session', (recorded) =>
      recorded.find(({ event }) => event.type === 'session.closed' && event.session === this.session),
    );
    this.tell();
  }

  private async reads(): Promise<void> {
    const customer = 4711;
    await this.agent.ask('SELECT first_name, last_name, ssn FROM customers WHERE id = $1', [customer]);
    await this.agent.ask('SELECT brand, number, expires FROM cards WHERE customer_id = $1 ORDER BY id', [customer]);
    await this.settled();
  }

  private async transaction(): Promise<void> {
    const { agent } = this;
    const [payment] = await agent.ask("SELECT id, amount FROM payments WHERE status = 'captured' ORDER BY id LIMIT 1");
    await agent.ask('BEGIN');
    await agent.ask('INSERT INTO refunds (payment_id, amount, reason) VALUES ($1, $2, $3) RETURNING id', [
      ...[payment?.id, payment?.amount, 'the parcel was lost'],
    ]);
    await agent.ask("UPDATE payments SET status = 'refunded' WHERE id = $1", [payment?.id]);
    await agent.ask('COMMIT');
    await this.settled();
  }

  /** One that Postgres objects to, one that the policy does. */
  private async mistakes(): Promise<void> {
    await this.agent.attempt('INSERT INTO refunds (payment_id, amount, reason) VALUES ($1, $2, $3)', [1, -10, 'a slip']);
    await this.agent.attempt('DROP TABLE payment_attempts');
    await this.settled();
  }

  private async massDelete(): Promise<void> {
    const { apiUrl, clientOf, fetchToken } = this.context;
    const [oldest] = await this.agent.ask(
      "SELECT (min(attempted_at) + interval '1 month')::date::text AS month FROM payment_attempts",
    );
    await this.settled();
    const token = await fetchToken(clientOf('approver'));
    const withdrawn = new AbortController();
    const signal = AbortSignal.any([this.context.signal, withdrawn.signal]);
    const approving = approve({ apiUrl, token, session: this.session, reason: 'older than we have to keep', signal });
    const deleting = this.agent.attempt(`DELETE FROM payment_attempts WHERE attempted_at < '${String(oldest?.month)}'`);
    // Both are awaited below; should the first of them fail, nobody waits for the other.
    for (const one of [approving, deleting]) one.catch(() => undefined);
    try {
      const held = await this.chronicle.until('the hold', (recorded) =>
        recorded
          .flatMap(({ event }) => (event.type === 'statement.held' && event.session === this.session ? event.data : []))
          .at(0),
      );
      this.tell();
      await approving;
      this.tellOthers(
        await this.chronicle.until('the vote', (recorded) =>
          recorded.find(
            ({ event }) =>
              event.type.startsWith('approval.') && 'approval' in event.data && event.data.approval === held.approval,
          ),
        ),
      );
      await deleting;
    } finally {
      withdrawn.abort();
    }
    await this.settled();
  }

  private async alert(): Promise<void> {
    this.tellOthers(
      await this.chronicle.until('the alert', (recorded) =>
        recorded.find(({ event }) => event.type === 'alert.raised' && event.data.session === this.session),
      ),
    );
  }

  /** Waits until every statement that was sent is on record with its end, and tells what is new. */
  private async settled(): Promise<void> {
    await this.chronicle.until('the end of a statement', (recorded) => {
      const ended = recorded.filter(({ event }) => event.type === 'statement.completed' && event.session === this.session);
      return ended.length >= this.agent.statements ? true : undefined;
    });
    this.tell();
  }

  private tell(): void {
    const all = [...steps(this.chronicle.session(this.session))];
    for (const step of all.slice(this.next)) for (const line of linesOf(step)) this.context.say(line);
    this.next = all.length;
  }

  private tellOthers({ event }: Recorded): void {
    const line = lineOfOthers(event);
    if (line !== undefined) this.context.say(line);
  }
}
