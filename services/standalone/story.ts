import type { DemoClient } from './identity-provider/main.js';
import type { DemoRole } from './cast.js';

/** What a played session has at hand. */
export interface StoryContext {
  /** Where the proxy listens, and the file of the authority that its certificate is by. */
  readonly proxy: { readonly host: string; readonly port: number; readonly ca: string };
  readonly database: string;
  readonly apiUrl: string;
  /** Past the proxy, as superuser. */
  readonly directUrl: string;
  /** Gives tokens by client credentials. */
  readonly issuer: string;
  readonly clientOf: (role: DemoRole) => DemoClient;
  readonly fetchToken: (client: DemoClient) => Promise<string>;
  /** A line of the story. */
  readonly say: (line: string) => void;
  /** Aborts when the demo is to stop. */
  readonly signal: AbortSignal;
}

/** Plays the agent's session. Every line comes from an event of this run. */
export const play: (context: StoryContext) => Promise<void> = () => Promise.resolve();
