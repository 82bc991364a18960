import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { Command, InvalidArgumentError, Option } from 'commander';
import { Failure } from '../failure.js';
import { findDemo } from '../place.js';
import type { Io } from '../terminal/io.js';
import { Database, type Door, type Run } from './database.js';
import { serveHttp } from './http.js';
import { mcpServer, newWaiting } from './server.js';

const tokenCommandMs = 30_000;

interface Options extends Run {
  readonly proxy?: URL;
  readonly user?: string;
  readonly tokenFile?: string;
  readonly tokenCommand?: string;
  readonly http?: number;
}

export function mcpCommand(io: Io): Command {
  return new Command('mcp')
    .description('Serve a database to an AI agent by the Model Context Protocol, through the proxy, as that agent.')
    .addOption(
      new Option('--proxy <url>', 'where the proxy is, and which database: postgresql://host:6432/db?sslrootcert=ca.pem')
        .env('SALLYPORT_PROXY')
        .argParser(proxyUrl),
    )
    .option('--user <name>', 'who the token is for, where the token does not say so itself')
    .option('--token-file <file>', "the agent's token; read again for every connection (default: SALLYPORT_TOKEN)")
    .option('--token-command <command>', 'prints a fresh token; run by a shell for every connection')
    .option('--http <port>', 'streamable HTTP on 127.0.0.1 at /mcp, each request with its own token, instead of stdio', portOf)
    .option('--run <id>', "the agent's run: it is put on record as claimed")
    .option('--conversation <id>', 'the conversation that it belongs to')
    .addHelpText(
      'after',
      `
Tools: query, describe, explain_policy, request_approval, wait.

Examples:
  $ sallyport mcp                                   # the running demo, as its agent
  $ SALLYPORT_TOKEN=$(cat token) sallyport mcp --proxy 'postgresql://db.example:6432/shop?sslrootcert=ca.pem'
  $ sallyport mcp --http 7007                       # Authorization: Bearer <the agent's token>

In the configuration of an MCP client:
  { "mcpServers": { "shop": { "command": "sallyport", "args": ["mcp", "--proxy", "postgresql://…"], "env": { "SALLYPORT_TOKEN": "…" } } } }`,
    )
    .action((options: Options) => serveMcp(io, options));
}

async function serveMcp(io: Io, options: Options): Promise<void> {
  const demo = await findDemo(io.cwd);
  const url = options.proxy ?? (demo?.proxyUrl === undefined ? undefined : proxyUrl(demo.proxyUrl));
  if (!url)
    throw failure(
      'It is not known where the proxy is',
      'there is no --proxy, and no demo runs here',
      'Give --proxy <url>, or SALLYPORT_PROXY.',
    );
  const { run, conversation, user } = options;
  const claims = { ...(run !== undefined && { run }), ...(conversation !== undefined && { conversation }) };
  const door = doorOf(url, io.cwd);
  if (options.http !== undefined) {
    const server = await serveHttp({ door, run: claims, user }, options.http, (error) => {
      io.stderr.write(`${error.message}\n`);
    });
    io.stderr.write(
      `MCP at http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp, for ${door.database} at ${door.host}:${door.port}. Ctrl-C stops it.\n`,
    );
    await once(server, 'close');
    return;
  }
  // The token of a demo is for its own proxy and nobody else's.
  const fallback = options.proxy ? undefined : demo?.tokens?.agent;
  const database = new Database(door, { user, token: () => token(io, options, fallback) }, claims);
  const waiting = newWaiting();
  const ended = once(io.stdin, 'end');
  const served = serveStdio(() => mcpServer(database, waiting), {
    onerror: ({ message }) => {
      io.stderr.write(`${message}\n`);
    },
  });
  await ended;
  await served.close();
  await database.close();
}

async function token(io: Io, { tokenFile, tokenCommand }: Options, fallback: string | undefined): Promise<string> {
  if (tokenCommand !== undefined) return printedBy(io, tokenCommand);
  if (tokenFile !== undefined) return (await readFile(path.resolve(io.cwd, tokenFile), 'utf8')).trim();
  const found = io.env.SALLYPORT_TOKEN ?? fallback;
  if (found === undefined) throw new Error('there is no token: give --token-file, --token-command or SALLYPORT_TOKEN');
  return found;
}

/** What the command says is for whoever started this, and not for the agent. */
async function printedBy(io: Io, command: string): Promise<string> {
  try {
    return (await promisify(execFile)('/bin/sh', ['-c', command], { timeout: tokenCommandMs })).stdout.trim();
  } catch (error) {
    const { code, killed, stderr = '' } = error as { code?: unknown; killed?: boolean; stderr?: string };
    io.stderr.write(stderr);
    const why = killed ? `took longer than ${tokenCommandMs / 1000} s` : `ended with ${String(code)}`;
    throw new Error(`there is no token: the command that prints it ${why}`, { cause: error });
  }
}

function doorOf(url: URL, cwd: string): Door {
  const ca = url.searchParams.get('sslrootcert');
  return {
    host: url.hostname,
    port: url.port === '' ? 6432 : Number(url.port),
    database: decodeURIComponent(url.pathname.slice(1)),
    ...(ca !== null && { ca: path.resolve(cwd, ca) }),
  };
}

function proxyUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^postgres(ql)?:$/.test(url.protocol) || url.pathname.length < 2)
    throw new InvalidArgumentError('It is not of the form postgresql://host:port/database.');
  return url;
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('It is no port.');
  return port;
}

const failure = (what: string, why: string, todo: string): Failure => new Failure('usage', { what, why, todo });
