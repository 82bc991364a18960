import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { ClickHouse } from '#clickhouse';
import { type Draft, Journal, openSegmentLog, SegmentReader } from '#event-log';
import { type Event, parseEvent, topics } from '#events';
import { Authenticator, ServiceTokens } from '#identity';
import { logger } from '#runtime';
import type { Role } from '../access/role.js';
import { createApplication } from '../application.js';
import { Approvals } from '../approval/approvals.js';
import { LogFollower } from '../log/follower.js';
import { Positions } from '../log/positions.js';
import { Tails } from '../tail/tails.js';

export type Who = Role | 'nobody' | 'agent';

const groups: Record<Who, readonly string[]> = {
  viewer: ['viewers'],
  responder: ['responders'],
  approver: ['approvers'],
  auditor: ['auditors'],
  admin: ['admins'],
  nobody: [],
  agent: ['agents', 'approvers'],
};
const names: Record<Who, string> = {
  viewer: 'vic',
  responder: 'rui',
  approver: 'anna',
  auditor: 'aya',
  admin: 'ada',
  nobody: 'nob',
  agent: 'billing-bot',
};
export const consoleCode = 'the-code-of-this-test';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  readonly body: unknown;
}

/** The api in this process, over a log of its own on disk, with someone to write what a proxy would. */
export class Rig {
  private constructor(
    readonly url: string,
    readonly dataDir: string,
    readonly app: NestExpressApplication,
    private readonly tokens: ReadonlyMap<Who, string>,
    private readonly proxy: Journal,
    private readonly close: () => Promise<void>,
    /** Milliseconds that the api's clock is ahead. */
    readonly clock: { ahead: number },
    private readonly lines: string[],
  ) {}

  /** @param before what is on record when the api starts */
  static async start({
    before = [],
    clickhouse,
    consoleDir,
  }: { before?: readonly Draft[]; clickhouse?: ClickHouse; consoleDir?: string } = {}): Promise<Rig> {
    const root = mkdtempSync(join(tmpdir(), 'sallyport-api-'));
    const dataDir = join(root, 'data');
    const lines: string[] = [];
    const log = logger('api', { write: (line) => lines.push(line) });
    const clock = { ahead: 0 };
    const now = (): number => Date.now() + clock.ahead;

    const proxyLog = await openSegmentLog({ dir: join(dataDir, 'outbox', 'proxy'), segmentBytes: 1 << 20 });
    const proxy = new Journal(proxyLog, { service: 'proxy', version: '0.1.0', now: Date.now, random: randomBytes });
    await proxy.start();
    if (before.length > 0) {
      proxy.add(before, 'file');
      await proxy.flush();
    }

    const outbox = await openSegmentLog({ dir: join(dataDir, 'outbox', 'api'), segmentBytes: 1 << 20 });
    const journal = new Journal(outbox, { service: 'api', version: '0.1.0', now, random: randomBytes });
    const reader = new SegmentReader({ dataDir });
    const tokenFile = join(root, 'tokens.json');
    const tokens = new Map<Who, string>();
    for (const who of Object.keys(groups) as Who[]) {
      const made = await new ServiceTokens(tokenFile).create(
        { name: names[who], groups: groups[who], ttlMs: 3_600_000 },
        Date.now(),
      );
      tokens.set(who, made.token);
    }
    const app = await createApplication(
      {
        ...{ reader, journal, ownLog: outbox.log, clickhouse, consoleCode, now, random: randomBytes, log, version: '0.1.0' },
        authenticator: new Authenticator({ issuers: [], tokens: { file: tokenFile } }),
        roles: {
          viewer: ['viewers'],
          responder: ['responders'],
          approver: ['approvers'],
          auditor: ['auditors'],
          admin: ['admins'],
        },
      },
      consoleDir,
    );
    const follower = app.get(LogFollower);
    await journal.start(await follower.catchUp());
    const stopping = new AbortController();
    const following = follower.follow(stopping.signal);
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const close = async (): Promise<void> => {
      app.get(Tails).close();
      await app.close();
      stopping.abort();
      await following;
      await journal.stop('test');
      await proxy.stop('test');
      await reader.close();
      await outbox.close();
      await proxyLog.close();
      await clickhouse?.close();
      rmSync(root, { recursive: true });
    };
    return new Rig(`http://127.0.0.1:${port}`, dataDir, app, tokens, proxy, close, clock, lines);
  }

  token(who: Who): string {
    return this.tokens.get(who) ?? '';
  }

  /** @param path below `/api/v1/` */
  async ask(
    who: Who | undefined,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.url}/api/v1/${path}`, {
      method,
      headers: {
        ...(who && { authorization: `Bearer ${this.token(who)}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const type = (response.headers.get('content-type') ?? '').replace(/;.*/, '');
    const isJson = type.endsWith('json') && text !== '';
    return { status: response.status, type, headers: response.headers, body: isJson ? (JSON.parse(text) as unknown) : text };
  }

  get(who: Who, path: string): Promise<Answer> {
    return this.ask(who, 'GET', path);
  }

  /** Writes what a proxy would, and waits until the api knows it. */
  async happens(drafts: readonly Draft[]): Promise<void> {
    this.proxy.add(drafts, 'file');
    await this.proxy.flush();
    await this.known();
  }

  /** Resolves when the api has read all that is on record now. */
  async known(): Promise<void> {
    const positions = this.app.get(Positions);
    const ends = new Map<string, number>();
    await this.read((topic, partition, offset) => ends.set(`${topic}/${partition}`, offset));
    while ([...ends].some(([key, offset]) => positions.next(...(key.split('/') as [string, string])) <= offset))
      await new Promise(setImmediate);
  }

  /** All events on record, in the order of each outbox. */
  async record(): Promise<Event[]> {
    const events: Event[] = [];
    await this.read((_topic, _partition, _offset, value) => events.push(parseEvent(value)));
    return events;
  }

  get approvals(): Approvals {
    return this.app.get(Approvals);
  }

  /** The api's own log lines. */
  get logged(): readonly string[] {
    return this.lines;
  }

  stop(): Promise<void> {
    return this.close();
  }

  private async read(each: (topic: string, partition: string, offset: number, value: Buffer) => void): Promise<void> {
    const reader = new SegmentReader({ dataDir: this.dataDir });
    await reader.consume({
      name: 'test',
      topics: [topics.events, topics.control],
      from: () => 0,
      until: 'end',
      signal: new AbortController().signal,
      each: (batch) => {
        for (const { topic, partition, offset, value } of batch) each(topic, partition, offset, value);
        return Promise.resolve();
      },
    });
    await reader.close();
  }
}
