import type { JsonWebKey } from 'node:crypto';

/** What the demo's identity provider is told. The file holds secrets. */
export interface ProviderSettings {
  readonly port: number;
  /** Private; kept, so that tokens outlive a restart. */
  readonly key: JsonWebKey;
  readonly clients: readonly DemoClient[];
  /** Who may be logged in as, by a click: a demo has no passwords. Of the same ids as their clients. */
  readonly people: readonly DemoPerson[];
  /** Where the console is: browsers are sent back there. */
  readonly consoleUrl: string;
}

export interface DemoPerson {
  readonly id: string;
  readonly kind: 'agent' | 'human';
  readonly groups: readonly string[];
}

/** Someone of the demo, who can have tokens by client credentials too: the played session has nobody to click. */
export interface DemoClient extends DemoPerson {
  readonly secret: string;
}

/** The console's client, and the command line's: public ones. */
export const consoleClient = 'sallyport-console';
export const cliClient = 'sallyport-cli';
/** The name of this provider in the api's configuration. */
export const providerName = 'demo';
