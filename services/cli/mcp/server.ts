import { type CallToolResult, McpServer } from '@modelcontextprotocol/server';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { version } from '#runtime';
import { Answer } from './answer.js';
import type { Bounds } from './bounded.js';
import type { Database } from './database.js';
import { columnsSql, relationsSql } from './relations.js';

const most: Bounds = { rows: 1_000, characters: 200_000, valueCharacters: 8_000 };
const usualRows = 100;
const rememberedApprovals = 1_000;
const pollMs = 1_000;

const statement = {
  sql: z.string().min(1).describe('One SQL statement.'),
  parameters: z
    .array(z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .default([])
    .describe('Values for $1, $2 …'),
};
const rows = z.int().min(1).max(most.rows).default(usualRows).describe('The most rows to give back.');

interface Statement {
  readonly sql: string;
  readonly parameters: readonly (string | number | boolean | null)[];
}

/** Statements that wait for an approval, by its id: of one agent, kept as long as it is served. */
export type Waiting = LRUCache<string, Statement>;
export const newWaiting = (): Waiting => new LRUCache({ max: rememberedApprovals });

/** The tools of an agent. Each statement goes through the proxy, as any client's would. */
export function mcpServer(database: Database, waiting: Waiting): McpServer {
  const server = new McpServer(
    { name: 'sallyport', version },
    {
      instructions:
        'A PostgreSQL database behind Sallyport. Every statement is decided on by a policy and recorded. Some wait for a person: then the status is held, and the tool wait goes on when it was approved. Columns may be masked.',
    },
  );
  const ask = async (mode: 'retry' | 'ask' | 'explain', { sql, parameters }: Statement, maxRows = usualRows): Promise<Answer> => {
    const answer = await database.ask(mode, sql, parameters, { ...most, rows: maxRows });
    if (answer.approval !== undefined) waiting.set(answer.approval, { sql, parameters });
    return answer;
  };

  server.registerTool(
    'query',
    {
      title: 'Run a statement',
      description: 'Runs one SQL statement, by itself. What the policy holds for approval is answered at once, with status held.',
      inputSchema: z.object({ ...statement, maxRows: rows }),
      outputSchema: Answer,
      annotations: { destructiveHint: true, openWorldHint: false },
    },
    async ({ maxRows, ...asked }) => resultOf(await ask('retry', asked, maxRows)),
  );

  server.registerTool(
    'describe',
    {
      title: 'Describe tables',
      description: 'Lists tables and views, or the columns of one of them.',
      inputSchema: z.object({
        relation: z.string().min(1).optional().describe('A table or view, with or without its schema. Absent: list them all.'),
      }),
      outputSchema: Answer,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async ({ relation }) => {
      if (relation === undefined) return resultOf(await ask('retry', { sql: relationsSql, parameters: [] }, most.rows));
      const dot = relation.indexOf('.');
      const parameters = dot < 0 ? [null, relation] : [relation.slice(0, dot), relation.slice(dot + 1)];
      return resultOf(await ask('retry', { sql: columnsSql, parameters }, most.rows));
    },
  );

  server.registerTool(
    'explain_policy',
    {
      title: 'Ask what the policy says',
      description:
        'Says whether a statement would be allowed, held or denied, and by which rule. Nothing is run and nobody is asked.',
      inputSchema: z.object(statement),
      outputSchema: Answer,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async (asked) => resultOf(await ask('explain', asked)),
  );

  server.registerTool(
    'request_approval',
    {
      title: 'Ask for an approval',
      description:
        'Asks people to approve exactly this statement, and runs nothing. Status held: give the approval to wait. Status allowed: it needs none, or has one already: use query.',
      inputSchema: z.object(statement),
      outputSchema: Answer,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async (asked) => resultOf(await ask('ask', asked)),
  );

  server.registerTool(
    'wait',
    {
      title: 'Wait for an approval',
      description: 'Waits until a held statement was approved, and then runs it; or was denied. Status held: not yet.',
      inputSchema: z.object({
        approval: z.string().describe('From query or request_approval.'),
        seconds: z.int().min(1).max(300).default(30).describe('How long to wait.'),
        maxRows: rows,
      }),
      outputSchema: Answer,
      annotations: { destructiveHint: true, openWorldHint: false },
    },
    async ({ approval, seconds, maxRows }, { mcpReq: { signal } }) => {
      const asked = waiting.get(approval);
      if (!asked) return failed(`No statement waits for approval ${approval} here: send it again with query.`);
      const until = Date.now() + seconds * 1_000;
      for (;;) {
        const answer = await ask('retry', asked, maxRows);
        if (answer.status !== 'held' || Date.now() + pollMs > until || signal.aborted) return resultOf(answer);
        await pause(pollMs, signal);
      }
    },
  );
  return server;
}

/** What a client that knows no structured content shows is the same, as JSON. */
const resultOf = (answer: Answer): CallToolResult => ({
  content: [{ type: 'text', text: JSON.stringify(answer) }],
  structuredContent: { ...answer },
  isError: answer.status === 'denied' || answer.status === 'failed',
});

const failed = (message: string): CallToolResult => resultOf({ status: 'failed', message });

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
