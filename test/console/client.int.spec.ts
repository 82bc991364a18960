import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

describe("the console's client", () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-client-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('is made from what the api says of itself now; `npm run client` makes it anew', async () => {
    const api = fileURLToPath(new URL('../../services/api/main.js', import.meta.url));
    const { stdout } = await run(process.execPath, [api, 'openapi'], { maxBuffer: 16 * 1024 * 1024 });
    const description = join(folder, 'openapi.json');
    const made = join(folder, 'client.d.ts');
    writeFileSync(description, stdout);
    await run(process.execPath, ['node_modules/openapi-typescript/bin/cli.js', description, '-o', made]);
    expect(readFileSync('services/console/src/client.d.ts', 'utf8')).toBe(readFileSync(made, 'utf8'));
  });
});
