import { Command, InvalidArgumentError, Option } from 'commander';
import type { LogReader } from '#event-log';
import { type Topic, topics } from '#events';
import { dataDir } from '../place.js';
import { colorsOf, type Io, write } from '../terminal/io.js';
import { isWhole, resolveId } from '../session/id.js';
import { Failure } from '../failure.js';
import { inlined, type JsonEvent } from './inline.js';
import { lineOf } from './line.js';
import { type LogEntry, readLog } from './read.js';

interface CatOptions {
  readonly data?: string;
  readonly session?: string;
  readonly json?: true;
  readonly raw?: true;
  readonly topic?: readonly Topic[];
  readonly sinceOffset?: number;
}

const shown = [topics.events, topics.control];
/** Parts have no lines of their own: they are inlined into their events. */
const names = new Map<string, Topic>(Object.entries(topics).filter(([, topic]) => topic !== topics.parts));

export function logCommand(io: Io, open: (dataDir: string) => Promise<LogReader>): Command {
  const log = new Command('log').description('Read the event log itself.');
  log
    .command('cat')
    .description('Print the event log, one line an event, in its own order, with the content of its parts inlined.')
    .option('--data <dir>', "the data directory whose log is read (default: the running demo's)")
    .option('--session <id>', 'only the events of this session; a prefix that no other session shares will do')
    .option('--topic <name...>', `only these topics: ${[...names.keys()].join(', ')} (default: events and control)`, topicNamed)
    .option(
      '--since-offset <n>',
      'start at this offset of one topic (events, where --topic names no other), in every partition',
      offset,
    )
    .option('--json', 'one JSON object a line: the event, its parts with `sql`, `text` or `base64`')
    .addOption(new Option('--raw', 'the exact bytes of each event, one a line').conflicts('json'))
    .addHelpText(
      'after',
      `
Examples:
  $ sallyport log cat
  $ sallyport log cat --session 0193 --json | jq -r 'select(.type == "statement.decided") | .data.rule'
  $ sallyport log cat --topic control --data /var/lib/sallyport
  $ sallyport log cat --raw | sha256sum`,
    )
    .action(async (options: CatOptions) => {
      const reader = await open(await dataDir(io, options.data));
      try {
        await cat(io, reader, options);
      } finally {
        await reader.close();
      }
    });
  return log;
}

export async function cat(io: Io, reader: LogReader, options: CatOptions): Promise<void> {
  const colors = colorsOf(io);
  const { json, raw, sinceOffset } = options;
  const chosen = topicsOf(options);
  const since = sinceOffset ?? 0;
  const session = options.session === undefined ? undefined : await sessionOf(reader, chosen, options.session);
  let printed = 0;
  const print = async ({ record, parts }: LogEntry): Promise<void> => {
    printed++;
    if (raw) {
      await write(io, Buffer.concat([record.value, newline]));
      return;
    }
    const event = inlined(JSON.parse(record.value.toString('utf8')) as JsonEvent, parts);
    await write(io, `${json ? JSON.stringify(event) : lineOf(event, colors)}\n`);
  };
  const wants = session === undefined ? {} : { wants: (key: string) => key === session };
  await readLog(reader, { topics: chosen, since, ...wants }, print);
  if (printed > 0 || options.session === undefined) return;
  const why = `none of its events is in ${chosen.join(', ')} from offset ${since} on`;
  throw new Failure('notFound', {
    what: `Session ${options.session} is not there`,
    why,
    todo: 'Leave out --topic or --since-offset.',
  });
}

/** Every topic counts its own offsets. */
function topicsOf({ topic, sinceOffset }: CatOptions): readonly Topic[] {
  if (sinceOffset === undefined) return topic ?? shown;
  if (topic === undefined || topic.length === 1) return topic ?? [topics.events];
  const why = 'each of several topics has offsets of its own';
  throw new Failure('usage', { what: '--since-offset needs one topic', why, todo: 'Name one with --topic.' });
}

const newline = Buffer.from('\n');

/** The one session of the log whose id begins so. */
async function sessionOf(reader: LogReader, chosen: readonly Topic[], prefix: string): Promise<string> {
  if (isWhole(prefix)) return prefix;
  const ids = new Set<string>();
  await reader.consume({
    name: 'cli',
    topics: chosen,
    from: () => 0,
    until: 'end',
    signal: new AbortController().signal,
    each: (batch) => {
      for (const { key } of batch) ids.add(key);
      return Promise.resolve();
    },
  });
  return resolveId([...ids], prefix);
}

function topicNamed(name: string, before: readonly Topic[] = []): Topic[] {
  const topic = names.get(name) ?? [...names.values()].find((each) => each === name);
  if (topic === undefined) throw new InvalidArgumentError(`There is no such topic. Topics: ${[...names.keys()].join(', ')}.`);
  return [...before, topic];
}

function offset(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is not a whole number from 0 up.');
  return Number(text);
}
