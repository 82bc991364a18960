import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Api, ServerSentEvent } from '../api/client.js';
import { apiCommand, type ApiOptions, openApi } from '../api/open.js';
import type { JsonEvent } from '../log/inline.js';
import { lineOf } from '../log/line.js';
import { count } from '../options.js';
import { sessionNamed } from '../session/find.js';
import { colorsOf, type Io, write } from '../terminal/io.js';

interface Options extends ApiOptions {
  readonly session?: string;
  readonly count?: number;
  readonly json?: true;
}

const retryMs = 1_000;

export function tailCommand(io: Io): Command {
  return apiCommand('tail')
    .description('Follow what happens, as it comes into the log. It goes on until it is interrupted.')
    .option('--session <id>', 'one session, from its first event on; a prefix that no other session shares will do')
    .option('--count <n>', 'end after so many events', count)
    .option('--json', 'the events themselves, one a line')
    .addHelpText(
      'after',
      `
Examples:
  $ sallyport tail
  $ sallyport tail --session 01936f00
  $ sallyport tail --json | jq -r 'select(.type == "statement.decided") | .data.verdict'`,
    )
    .action(async ({ session, count: most = Infinity, json, ...options }: Options) => {
      const api = await openApi(io, options, 'responder');
      const id = session === undefined ? undefined : await sessionNamed(api, session);
      const colors = colorsOf(io);
      let printed = 0;
      for await (const { data } of follow(io, api, id)) {
        await write(io, `${json ? data : lineOf(JSON.parse(data) as JsonEvent, colors)}\n`);
        if (++printed >= most) return;
      }
    });
}

/** Comes back where it broke off, for as long as the api is there to come back to. */
async function* follow(io: Io, api: Api, session: string | undefined): AsyncGenerator<ServerSentEvent> {
  for (let last: string | undefined; ;) {
    try {
      for await (const event of api.stream('tail', { session }, last)) {
        last = event.id;
        yield event;
      }
    } catch (error) {
      // A connection that breaks in the middle is told by undici; a Failure is what the api itself says.
      if (!(error instanceof TypeError)) throw error;
    }
    io.stderr.write('The api ended the tail; asking again.\n');
    await delay(retryMs);
  }
}
