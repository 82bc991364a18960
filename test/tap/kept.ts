import { readFileSync, writeFileSync } from 'node:fs';
import type { TappedSession } from './tapped-session.js';

/** A session as JSON has it, its streams in base64. */
type Kept = Omit<TappedSession, 'client' | 'server' | 'parameters' | 'backendPid'> & {
  readonly client: string;
  readonly server: string;
  readonly parameters: readonly (readonly [string, string])[];
  readonly backendPid: number | null;
};

/** Leaves what a tap saw to another process. */
export function keepTapped(file: string, sessions: readonly TappedSession[]): void {
  const kept = sessions.map(({ client, server, parameters, backendPid = null, ...rest }): Kept => ({
    ...rest,
    client: client.toString('base64'),
    server: server.toString('base64'),
    parameters: [...parameters],
    backendPid,
  }));
  writeFileSync(file, JSON.stringify(kept));
}

/** @throws when nothing was left */
export function readTapped(file: string): TappedSession[] {
  return (JSON.parse(readFileSync(file, 'utf8')) as readonly Kept[]).map(
    ({ client, server, parameters, backendPid, ...rest }) => ({
      ...rest,
      client: Buffer.from(client, 'base64'),
      server: Buffer.from(server, 'base64'),
      parameters: new Map(parameters),
      backendPid: backendPid ?? undefined,
    }),
  );
}
