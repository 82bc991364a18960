import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from 'yaml';
import { z } from 'zod';

const Workflow = z.object({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.object({ env: z.record(z.string(), z.string()).default({}), steps: z.array(z.object({ run: z.string() })) }),
  ),
});

export interface Job {
  readonly env: Readonly<Record<string, string>>;
  /** The scripts of its steps, in their order. */
  readonly steps: readonly string[];
}

/** The one job of a workflow, as a runner reads it. @param contexts the values of `${{ name }}` */
export function jobOf(yaml: string, contexts: Readonly<Record<string, string>>): Job {
  const { permissions, jobs } = Workflow.parse(parse(yaml));
  if (permissions['id-token'] !== 'write') throw new Error('the workflow may not ask for tokens');
  const [job, ...more] = Object.values(jobs);
  if (!job || more.length > 0) throw new Error('the workflow has not exactly one job');
  const filled = (text: string): string =>
    text.replace(/\$\{\{ *([\w.]+) *\}\}/g, (_, name: string) => {
      const value = contexts[name];
      if (value === undefined) throw new Error(`the workflow reads ${name}, which nobody has set`);
      return value;
    });
  return {
    env: Object.fromEntries(Object.entries(job.env).map(([name, value]) => [name, filled(value)])),
    steps: job.steps.map(({ run }) => filled(run)),
  };
}

/** What a runner gives a job that may ask for tokens. */
export interface TokenEndpoint {
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** @param mint a token for this audience */
export async function startTokenEndpoint(mint: (audience: string) => Promise<string>): Promise<TokenEndpoint> {
  const bearer = 'of-this-job-alone';
  const server = createServer((request, response) => {
    const audience = new URL(request.url ?? '/', 'http://runner').searchParams.get('audience');
    if (request.headers.authorization !== `Bearer ${bearer}` || audience === null) {
      response.writeHead(401).end();
      return;
    }
    void mint(audience).then((value) => response.end(JSON.stringify({ count: value.length, value })));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/idtoken?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer,
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
