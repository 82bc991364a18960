import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What stands at a path: the fields of KV 2 or KV 1, or a status that Vault answers there. */
export type Shelf =
  | { readonly version: 1 | 2; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly status: number; readonly location?: string }
  | 'silent'
  | 'huge';

/** A server that speaks as much of Vault's API as reading takes. */
export interface StandInVault {
  readonly address: string;
  /** By the path of the API, without `/v1/`. */
  readonly shelves: Map<string, Shelf>;
  /** The token that it takes. */
  token: string;
  /** What it was asked for, with the namespace. */
  readonly asked: string[];
  stop(): Promise<void>;
}

export async function startVault(token: string): Promise<StandInVault> {
  const shelves = new Map<string, Shelf>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    answer(vault, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const vault: StandInVault = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    shelves,
    token,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
  return vault;
}

function answer({ shelves, token, asked }: StandInVault, request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? '').replace(/^\/v1\//, '');
  const namespace = request.headers['x-vault-namespace'];
  asked.push(namespace === undefined ? path : `${String(namespace)}:${path}`);
  const say = (status: number, body: object, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
  const shelf = shelves.get(path);
  if (shelf === 'silent') return;
  // As Vault does, it repeats what it was told: a client that repeats it in turn gives the token away.
  if (request.headers['x-vault-token'] !== token)
    say(403, { errors: [`permission denied for ${String(request.headers['x-vault-token'])}`] });
  else if (shelf === undefined) say(404, { errors: [] });
  else if (shelf === 'huge') response.writeHead(200).end('x'.repeat(2 * 1024 * 1024));
  else if ('status' in shelf)
    say(shelf.status, { errors: ['Vault is sealed'] }, shelf.location === undefined ? {} : { location: shelf.location });
  else if (shelf.version === 1) say(200, { data: shelf.fields, lease_duration: 2764800 });
  else say(200, { data: { data: shelf.fields, metadata: { version: 3, destroyed: false } }, lease_duration: 0 });
}
