import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { createMcpHandler } from '@modelcontextprotocol/server';
import {
  localhostHostValidation,
  localhostOriginValidation,
  type NodeIncomingMessageLike,
  toNodeHandler,
} from '@modelcontextprotocol/node';
import { LRUCache } from 'lru-cache';
import { Database, type Door, type Run } from './database.js';
import { mcpServer, newWaiting, type Waiting } from './server.js';

/** For so long it is known which statements an agent waits for: longer than people take to approve one. */
const rememberedMs = 24 * 3_600_000;
const mostAgents = 200;

interface Agent {
  readonly database: Database;
  readonly waiting: Waiting;
}

/**
 * Serves MCP by streamable HTTP, on this machine alone. Each request brings the agent's own token: it is the password at the proxy, which
 * says whether it is good.
 */
export async function serveHttp(
  { door, run, user }: { readonly door: Door; readonly run: Run; readonly user: string | undefined },
  port: number,
  report: (error: Error) => void,
): Promise<Server> {
  const agents = new LRUCache<string, Agent>({
    max: mostAgents,
    ttl: rememberedMs,
    updateAgeOnGet: true,
    dispose: ({ database }) => void database.close(),
  });
  const agentOf = (token: string): Agent => {
    const key = createHash('sha256').update(token).digest('hex');
    const known = agents.get(key);
    if (known) return known;
    const database = new Database(door, { user, token: () => Promise.resolve(token) }, run);
    const made = { database, waiting: newWaiting() };
    agents.set(key, made);
    return made;
  };
  const handler = createMcpHandler(
    ({ requestInfo }) => {
      const { database, waiting } = agentOf(bearerIn(requestInfo?.headers.get('authorization')) ?? '');
      return mcpServer(database, waiting);
    },
    { onerror: report },
  );
  const serve = toNodeHandler(handler);
  const isLocalHost = localhostHostValidation();
  const isLocalOrigin = localhostOriginValidation();
  const server = createServer((request, response) => {
    if (!isLocalHost(request, response) || !isLocalOrigin(request, response)) return;
    if (new URL(request.url ?? '/', 'http://localhost').pathname !== '/mcp') response.writeHead(404).end();
    else if (bearerIn(request.headers.authorization) === undefined)
      response.writeHead(401, { 'www-authenticate': 'Bearer realm="sallyport"' }).end();
    else void serve(request as NodeIncomingMessageLike, response);
  });
  server.on('close', () => {
    agents.clear();
    void handler.close();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const bearerIn = (header: string | null | undefined): string | undefined => /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
