import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../ports.js';

const version = '26.7.3';
const artifact = `org.keycloak:keycloak-quarkus-dist:${version}:tar.gz`;
/** Fetched once a machine. */
const kept = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sallyport-test', `keycloak-${version}.tar.gz`);
const admin = { user: 'admin', password: 'only-for-this-test' };
const readyWithinMs = 150_000;

/** A real Keycloak in memory, over a folder of its own, which goes with it. */
export class Keycloak {
  private readonly home = mkdtempSync(join(tmpdir(), 'sallyport-keycloak-'));
  private process: ChildProcess | undefined;
  private said = '';
  private port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when it answers: the first time on a machine it is fetched before. */
  async start(): Promise<this> {
    fetchDistribution();
    run('tar', ['-xzf', kept, '-C', this.home, '--strip-components=1']);
    this.port = await freePort();
    const started = spawn(
      join(this.home, 'bin', 'kc.sh'),
      ['start-dev', '--db', 'dev-mem', '--cache', 'local', '--http-host', '127.0.0.1', '--http-port', String(this.port)],
      {
        // The script starts the JVM as a child: both are ended together.
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          JAVA_OPTS_KC_HEAP: '-Xms128m -Xmx384m',
          KC_BOOTSTRAP_ADMIN_USERNAME: admin.user,
          KC_BOOTSTRAP_ADMIN_PASSWORD: admin.password,
        },
      },
    );
    for (const stream of [started.stdout, started.stderr])
      stream.on('data', (chunk: Buffer) => {
        this.said = `${this.said}${chunk.toString('utf8')}`.slice(-10_000);
      });
    this.process = started;
    for (const until = Date.now() + readyWithinMs; ; await delay(500)) {
      if (started.exitCode !== null || Date.now() > until) throw new Error(`Keycloak does not answer:\n${this.said}`);
      const ready = await fetch(`${this.url}/realms/master`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (ready) return this;
    }
  }

  /** Makes a realm by its representation, as an export has it. */
  async createRealm(realm: object): Promise<void> {
    const { access_token: token } = (await this.post('/realms/master/protocol/openid-connect/token', {
      body: new URLSearchParams({
        grant_type: 'password',
        client_id: 'admin-cli',
        username: admin.user,
        password: admin.password,
      }),
    })) as { readonly access_token: string };
    await this.post('/admin/realms', {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(realm),
    });
  }

  /** An access token by client credentials. */
  async fetchToken(realm: string, client: string, secret: string): Promise<string> {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: client, client_secret: secret });
    const answer = await this.post(`/realms/${realm}/protocol/openid-connect/token`, { body });
    return (answer as { readonly access_token: string }).access_token;
  }

  async remove(): Promise<void> {
    const { process: started } = this;
    if (started?.pid !== undefined && started.exitCode === null) {
      const gone = once(started, 'exit');
      process.kill(-started.pid, 'SIGKILL');
      await gone;
    }
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  private async post(path: string, init: RequestInit): Promise<unknown> {
    const answer = await fetch(`${this.url}${path}`, { method: 'POST', ...init });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`Keycloak answered ${answer.status} to ${path}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}

function fetchDistribution(): void {
  if (existsSync(kept)) return;
  const unfinished = `${kept}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  run('mvn', ['-B', '-q', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${unfinished}`]);
  renameSync(join(unfinished, `keycloak-quarkus-dist-${version}.tar.gz`), kept);
  rmSync(unfinished, { recursive: true });
}

function run(program: string, args: readonly string[]): void {
  const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (error ?? status) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stdout + stderr}`);
}
