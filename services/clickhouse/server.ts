import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { Answer } from './answer.js';
import { atMost, decoded, insertBytes, statementBytes } from './body.js';
import { authenticate, type Credentials } from './credentials.js';
import { type Engine, type Lease, literal } from './engine.js';
import { Refused } from './refused.js';
import { type Request, readRequest } from './request.js';
import { readStatement, type Statement } from './statement.js';

/** ClickHouse's HTTP interface over the engine of this process, for the clients that speak to a server. */
export function serveHttp(engine: Engine, credentials: Credentials): Server {
  return createServer((message, response) => {
    void respond(engine, credentials, message, response);
  });
}

async function respond(
  engine: Engine,
  credentials: Credentials,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = new Answer(response);
  try {
    const url = new URL(message.url ?? '/', 'http://localhost');
    if (url.pathname === '/ping') {
      response.end('Ok.\n');
      return;
    }
    authenticate(message.headers, credentials);
    const request = readRequest(url.searchParams, message.headers);
    answer.accept(request);
    const text = request.query ?? (await textOf(message));
    await run(engine, request, readStatement(text, engine.forbidden), message, answer);
  } catch (error) {
    answer.fail(error);
  } finally {
    message.resume(); // what nobody read would keep the connection from its next request
  }
}

async function run(engine: Engine, request: Request, statement: Statement, body: IncomingMessage, answer: Answer): Promise<void> {
  switch (statement.kind) {
    case 'read':
      await withLease(engine, request, 'read', answer, (lease) =>
        read(lease, statement.sql, statement.format ?? request.format ?? 'TabSeparated', answer),
      );
      return;
    case 'write':
      await withLease(engine, request, 'write', answer, async ({ session }) => {
        const { rowsRead, bytesRead } = await session.queryAsync(statement.sql);
        answer.head('TabSeparated', { rows: rowsRead, bytes: bytesRead, kind: 'read' });
        answer.end();
      });
      return;
    case 'insert':
      await insert(engine, request, statement, body, answer);
  }
}

async function withLease(
  engine: Engine,
  { database, settings, parameters }: Request,
  access: 'read' | 'write',
  answer: Answer,
  use: (lease: Lease) => Promise<void>,
): Promise<void> {
  const lease = await engine.lease({ access, database, settings, parameters });
  const cancel = (): void => {
    lease.cancel().catch(() => undefined); // it has ended by itself: there is nothing left to cancel
  };
  try {
    if (answer.gone.aborted) return;
    // An insert whose client is gone is finished: whether it was applied is then at least the same for every row.
    if (access === 'read') answer.gone.addEventListener('abort', cancel, { once: true });
    await use(lease);
  } finally {
    answer.gone.removeEventListener('abort', cancel);
    lease.release();
  }
}

/** Formats of which every piece of a stream is complete in itself; the others come whole. */
const streamed = new Set([
  'CSV',
  'JSONCompactEachRow',
  'JSONEachRow',
  'JSONLines',
  'JSONStringsEachRow',
  'MsgPack',
  'NDJSON',
  'RowBinary',
  'TSV',
  'TabSeparated',
]);

async function read({ session }: Lease, sql: string, format: string, answer: Answer): Promise<void> {
  if (!streamed.has(format)) {
    const result = await session.queryAsync(sql, { format });
    answer.head(format, { rows: result.rowsRead, bytes: result.bytesRead, kind: 'read' });
    answer.end(Buffer.from(result.bytes()));
    return;
  }
  let begun = false;
  // The head waits for the first piece, so that an early error still gets its status.
  for await (const piece of session.queryStream(sql, { format })) {
    if (!begun) answer.head(format, { rows: 0, bytes: 0, kind: 'read' });
    begun = true;
    await answer.write(Buffer.from(piece.raw()));
    if (answer.gone.aborted) return;
  }
  if (!begun) answer.head(format, { rows: 0, bytes: 0, kind: 'read' });
  answer.end();
}

/** Rows go through a file that only we can read: as part of the statement they could end it and go on as SQL. */
async function insert(
  engine: Engine,
  request: Request,
  { head, format }: Extract<Statement, { kind: 'insert' }>,
  body: IncomingMessage,
  answer: Answer,
): Promise<void> {
  if (request.query === undefined)
    throw new Refused('NOT_IMPLEMENTED', 'An INSERT is in the parameter query, its rows in the body');
  const file = join(engine.inserts, randomUUID());
  try {
    await pipeline(decoded(body), atMost(insertBytes), createWriteStream(file, { mode: 0o600 }));
    const { size } = await stat(file);
    if (size === 0) {
      answer.head('TabSeparated', { rows: 0, bytes: 0, kind: 'written' });
      answer.end();
      return;
    }
    await withLease(engine, request, 'write', answer, async ({ session }) => {
      const result = await session.queryAsync(`${head} FROM INFILE ${literal(file)} COMPRESSION 'none' FORMAT ${format}`);
      answer.head('TabSeparated', { rows: result.rowsRead, bytes: size, kind: 'written' });
      answer.end();
    });
  } finally {
    await rm(file, { force: true });
  }
}

async function textOf(message: IncomingMessage): Promise<string> {
  const limited = atMost(statementBytes);
  const source = decoded(message);
  source.on('error', (error) => limited.destroy(error));
  return (await buffer(source.pipe(limited))).toString('utf8');
}
