import 'reflect-metadata';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Rig } from './fixtures/rig.js';

const consoleDir = mkdtempSync(join(tmpdir(), 'sallyport-console-'));
let rig: Rig;
beforeAll(async () => {
  mkdirSync(join(consoleDir, 'assets'));
  writeFileSync(join(consoleDir, 'index.html'), '<!doctype html><title>the console</title>');
  writeFileSync(join(consoleDir, 'assets', 'app.js'), 'hello()');
  rig = await Rig.start({ consoleDir });
});
afterAll(async () => {
  await rig.stop();
  rmSync(consoleDir, { recursive: true });
});

const get = async (path: string) => {
  const response = await fetch(`${rig.url}${path}`);
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    headers: response.headers,
    text: await response.text(),
  };
};

describe('the console', () => {
  it.each(['/', '/sessions/42', '/approvals'])('is its page at %s, which nobody may frame', async (path) => {
    const { status, type, headers, text } = await get(path);
    expect([status, type, text]).toEqual([200, 'text/html; charset=utf-8', '<!doctype html><title>the console</title>']);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'self';.* frame-ancestors 'none'$/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('has its files', async () => {
    expect(await get('/assets/app.js')).toMatchObject({ status: 200, type: 'text/javascript; charset=utf-8', text: 'hello()' });
  });

  it('is not what stands for a file of another build', async () => {
    expect(await get('/assets/old.js')).toMatchObject({ status: 404, type: 'application/problem+json; charset=utf-8' });
  });

  it('is not where the api is, nor anything above it', async () => {
    expect(await get('/api/v1/nothing')).toMatchObject({ status: 404, type: 'application/problem+json; charset=utf-8' });
    expect(await get('/api/v2')).toMatchObject({ status: 404, type: 'application/problem+json; charset=utf-8' });
    expect((await get('/..%2f..%2f..%2fetc%2fpasswd')).text).not.toContain('root:');
  });
});

describe('the description of the api', () => {
  it('is there for everyone', async () => {
    const { status, text } = await get('/api/v1/openapi.json');
    expect([status, (JSON.parse(text) as { openapi: string }).openapi]).toEqual([200, '3.0.0']);
  });
});
