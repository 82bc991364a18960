import { readFileSync } from 'node:fs';
import pg from 'pg';

/** The agent of the story: node-postgres through the proxy, a token as its password. */
export class Agent {
  /** Statements that were sent. */
  statements = 0;

  private constructor(private readonly client: pg.Client) {}

  static async connect({
    ca,
    signal,
    ...options
  }: Required<Pick<pg.ClientConfig, 'host' | 'port' | 'user' | 'password' | 'database'>> & {
    readonly ca: string;
    readonly signal: AbortSignal;
  }): Promise<Agent> {
    const client = new pg.Client({ ...options, ssl: { ca: readFileSync(ca) }, application_name: 'billing-bot' });
    client.on('error', () => undefined); // what is under way rejects with the same error
    signal.addEventListener('abort', () => void client.end(), { once: true });
    await client.connect();
    return new Agent(client);
  }

  /** The pid that the server's backend has, which names the session in its events. */
  get backend(): number {
    return (this.client as unknown as { readonly processID: number }).processID;
  }

  /** @throws what Postgres, or the proxy in its place, answers */
  async ask(sql: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
    this.statements++;
    return (await this.client.query<Record<string, unknown>>(sql, values && [...values])).rows;
  }

  /** Sends what need not succeed: the record says how it went. @throws only when the connection is lost */
  async attempt(sql: string, values?: readonly unknown[]): Promise<void> {
    try {
      await this.ask(sql, values);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
    }
  }

  async leave(): Promise<void> {
    await this.client.end();
  }
}
