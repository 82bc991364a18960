import { scryptSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { ServiceProcess } from '../e2e/service-process.js';
import { type DemoIssuer, startDemoIssuer } from '../openid/index.js';
import { describePart } from '../parts.js';
import { freePort } from '../ports.js';
import { browserFromNpm, startBrowser } from './browser.js';

const password = 'correct horse battery staple';
const hash = scryptSync(password, Buffer.alloc(16), 32, { N: 1024 });
const passwordHash = `scrypt:10:8:1:${Buffer.alloc(16).toString('base64url')}:${hash.toString('base64url')}`;

describePart([browserFromNpm], 'the login page of the console', () => {
  let folder: string;
  let issuer: DemoIssuer;
  let api: ServiceProcess;
  let browser: Browser;
  let page: Page;
  let url: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-login-page-'));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    issuer = await startDemoIssuer(url);
    writeFileSync(join(folder, 'hash'), passwordHash);
    const config = {
      dataDir: join(folder, 'data'),
      issuers: [{ issuer: issuer.url, audience: 'sallyport', algorithms: ['ES256'], claims: { kind: 'kind' } }],
      clickhouse: { port: await freePort(), password: { file: 'hash' } },
      api: {
        port,
        roles: { approver: ['approvers'] },
        login: { oidc: [{ name: 'demo', label: 'the company', issuer: issuer.url, clientId: 'sallyport-console' }] },
        breakGlass: { passwordHash: { file: 'hash' } },
      },
    };
    writeFileSync(join(folder, 'sallyport.yml'), JSON.stringify(config));
    api = await new ServiceProcess('api', join(folder, 'sallyport.yml')).start();
    browser = await startBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await api.end('SIGTERM');
    await issuer.stop();
    rmSync(folder, { recursive: true });
  }, 30_000);
  beforeEach(async () => {
    page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(15_000);
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (line) => {
      if (/Content Security Policy/.test(line.text())) complaints.push(line.text());
    });
  });
  afterEach(() => {
    expect(complaints.splice(0)).toEqual([]);
  });

  const logIn = async (): Promise<void> => {
    await page.goto(`${url}/approvals`);
    const button = page.getByRole('link', { name: 'Log in with the company' });
    await button.waitFor();
    await button.press('Enter');
    await page.getByRole('button', { name: 'anna' }).click();
    await page.getByRole('button', { name: /Logged in as anna/ }).waitFor();
  };

  it('leads to the provider, and back to the page that was asked for', async () => {
    await logIn();
    expect(new URL(page.url()).pathname).toBe('/approvals');
    const cookies = await page.context().cookies(`${url}/api/v1/login`);
    expect(cookies.find(({ name }) => name === 'sallyport_console')).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    expect(cookies.map(({ name }) => name)).not.toContain('sallyport_login');
    await page.reload();
    await page.getByRole('button', { name: /Logged in as anna/ }).waitFor();
  });

  it('says that a login was refused, and nothing of why', async () => {
    await page.goto(`${url}/api/v1/login/oidc/demo/callback?code=forged&state=forged`);
    await page.getByRole('alert').getByText('The login was refused').waitFor();
    expect(page.url()).toBe(`${url}/`);
  });

  it('logs out of the provider too', async () => {
    await logIn();
    await page.getByRole('button', { name: /Logged in as anna/ }).click();
    await page.getByRole('menuitem', { name: 'Log out' }).click();
    await page.getByRole('button', { name: /^Yes/ }).click();
    await page.getByRole('link', { name: 'Log in with the company' }).click();
    await page.getByRole('button', { name: 'anna' }).waitFor(); // it asks again who they are
  });

  it('lets the local admin in, who is out of the way until then', async () => {
    await page.goto(url);
    const field = page.getByLabel('Password of the local admin');
    await page.getByRole('button', { name: 'No provider can be reached' }).click();
    await field.fill('not the password');
    await page.getByRole('button', { name: 'Break the glass' }).click();
    await page.getByRole('alert').getByText('The login was refused').waitFor();
    await field.fill(password);
    await page.getByRole('button', { name: 'Break the glass' }).click();
    await page.getByRole('button', { name: /Logged in as break-glass/ }).waitFor();
  });
});
