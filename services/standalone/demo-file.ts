import { rmSync } from 'node:fs';
import { replaceFile } from '#secrets';
import type { DemoRole } from './cast.js';

/** `.sallyport/demo.json`: what a script needs to use a running demo. It holds secrets: 0600, and gone when the demo is. */
export interface DemoFile {
  /** Complete, with a token of the agent that lives 24 h: psql and node-postgres take it as it stands. */
  readonly proxyUrl: string;
  /** Past the proxy, as superuser: for checks. */
  readonly directUrl: string;
  readonly apiUrl: string;
  /** Carries a code that logs in once. */
  readonly consoleUrl: string;
  readonly tokens: Readonly<Record<DemoRole, string>>;
  /** Process ids by service. */
  readonly pids: Readonly<Record<string, number>>;
  readonly dataDir: string;
  readonly story: 'running' | 'done';
}

export function writeDemoFile(path: string, demo: DemoFile): void {
  replaceFile(path, `${JSON.stringify(demo, null, 2)}\n`);
}

export function removeDemoFile(path: string): void {
  rmSync(path, { force: true });
}
