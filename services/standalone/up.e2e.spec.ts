import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { serverCertificate } from '#secrets';
import { freePort } from '../../test/ports.js';

describe('up', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'up-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const run = (program: string, ...args: string[]): ChildProcess =>
    spawn(process.execPath, [fileURLToPath(new URL(program, import.meta.url)), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });

  it('starts the services of a configuration file, says where they listen, and stops them', async () => {
    const { cert, key } = await serverCertificate(folder, Date.now());
    const port = await freePort();
    writeFileSync(join(folder, 'password'), 'x');
    writeFileSync(join(folder, 'policy.yml'), '');
    const config = join(folder, 'sallyport.yml');
    writeFileSync(
      config,
      `dataDir: data
listen: { port: ${port}, tls: { cert: ${cert}, key: ${key} } }
targets:
  - { name: main, host: db, databases: [app], logins: [{ name: app, password: { file: password } }], catalog: { login: app } }
tokens: { file: tokens.json }
policy: policy.yml
clickhouse: { password: { file: password } }
`,
    );
    const up = run('fixtures/up-with-stubs.js', config);
    const told: string[] = [];
    const exit = once(up, 'exit');
    for await (const line of createInterface({ input: up.stdout as NodeJS.ReadableStream })) {
      told.push(line);
      if (line.includes('is running')) up.kill('SIGINT');
    }
    expect(await exit).toEqual([0, null]);
    expect(told).toEqual([`  proxy: postgres on ${port}`, 'Sallyport is running. Ctrl-C stops it.', 'stopping …']);
  }, 30_000);

  it('prints every problem of the file and exits with 2, before anything starts', async () => {
    const config = join(folder, 'sallyport.yml');
    writeFileSync(config, 'dataDir: data\ntargets: []\n');
    const up = run('main.js', 'up', '--config', config);
    const [exit, problems] = await Promise.all([once(up, 'exit'), text(up.stderr as NodeJS.ReadableStream)]);
    expect(exit).toEqual([2, null]);
    expect(problems.replaceAll(config, 'sallyport.yml').trim().split('\n')).toEqual([
      'sallyport.yml:1:1 listen: is missing',
      'sallyport.yml:1:1 policy: is missing',
      'sallyport.yml:1:1 clickhouse: is missing',
      'sallyport.yml:2:1 targets: Too small: expected array to have >=1 items',
    ]);
  });
});
