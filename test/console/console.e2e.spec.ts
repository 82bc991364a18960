import type pg from 'pg';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openPolicy } from '../e2e/policies.js';
import { login, startWorld, type World } from '../e2e/world.js';
import { loggingFlags } from '../native/logging.js';
import { describePart } from '../parts.js';
import { type ApiProcess, startApi } from './api-process.js';
import { browserFromNpm, startBrowser } from './browser.js';
import { recordMaskedSession } from './masked-session.js';

describePart([browserFromNpm], 'the console', () => {
  let world: World;
  let api: ApiProcess;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let token: string;
  let masked: string;
  const open: pg.Client[] = [];
  const complaints: string[] = [];

  const connect = async (): Promise<pg.Client> => {
    const client = await world.connect('bot', token);
    open.push(client);
    return client;
  };
  const newPage = async (where: BrowserContext): Promise<Page> => {
    const opened = await where.newPage();
    opened.setDefaultTimeout(15_000);
    opened.on('pageerror', ({ message }) => complaints.push(message));
    opened.on('console', (line) => {
      if (/Content Security Policy/.test(line.text())) complaints.push(line.text());
    });
    return opened;
  };
  const step = (): Promise<string | null> => page.getByTestId('step').textContent();
  const press = async (key: string, expected: number): Promise<void> => {
    await page.keyboard.press(key);
    await page.getByTestId('step').getByText(String(expected), { exact: true }).waitFor();
  };
  const state = () => page.getByRole('region', { name: 'State' });

  beforeAll(async () => {
    world = await startWorld({
      postgres: { flags: [...loggingFlags('jsonlog'), '-c', 'log_statement=none'] },
      logs: { clockSkewSeconds: 1, graceSeconds: 1 },
      services: ['reconciler'],
      policy: openPolicy,
      initSql: `CREATE TABLE item (id int, name text); INSERT INTO item VALUES (1, 'anvil'), (2, NULL);
        GRANT ALL ON item TO ${login.name}`,
    });
    token = await world.token('bot', ['agents']);
    masked = await recordMaskedSession(world.dataDir);
    const client = await world.connect('bot', token);
    await client.query('BEGIN');
    await client.query("SET LOCAL TimeZone = 'Asia/Kolkata'");
    await client.query('SELECT id, name FROM item ORDER BY id');
    await client.query('ROLLBACK');
    await client.query('DROP TABLE item').catch(() => undefined);
    await client.end();
    api = await startApi(world.dataDir);
    browser = await startBrowser();
    context = await browser.newContext();
    page = await newPage(context);
  }, 60_000);
  afterAll(async () => {
    try {
      await browser.close();
      for (const client of open) void client.end();
      expect(await api.stop()).toBe(0);
    } finally {
      await world.stop();
    }
  }, 30_000);
  afterEach(() => {
    expect(complaints.splice(0)).toEqual([]);
  });

  it('logs in by the code of its address, which it takes out of the address', async () => {
    await page.goto(api.consoleUrl);
    await page.getByRole('button', { name: /Logged in as console/ }).waitFor();
    expect(page.url()).toBe(`${api.url}/`);
  });

  it('lists the sessions, and says that they were read from the log', async () => {
    const table = page.getByRole('table', { name: 'Sessions' });
    await table.getByRole('link', { name: 'bot' }).waitFor();
    await page.getByText('Read from the event log itself, all of it').waitFor();
    expect(await table.getByRole('link').allTextContents()).toEqual(['bot', 'carl']);
    await page.getByLabel('Principal').fill('carl');
    await table.getByRole('link', { name: 'bot' }).waitFor({ state: 'detached' });
    expect(await table.getByRole('link').allTextContents()).toEqual(['carl']);
    expect(new URL(page.url()).search).toBe('?principal=carl');
  });

  it('steps through a session by keyboard: state, decision and rows', async () => {
    await page.goto(`${api.url}/sessions`);
    await page.getByRole('link', { name: 'bot' }).click();
    await page.getByTestId('step').waitFor();
    expect(await step()).toBe('0');
    await press('ArrowRight', 1);
    await press('j', 2);
    await press('k', 1);
    // Outboxes are read side by side: which session was closed last, their order does not say.
    const last = (await world.record()).events.find(({ type, session }) => type === 'session.closed' && session !== masked);
    await press('End', last?.seq ?? -1);
    await press('Home', 0);
    await page.keyboard.press('g');
    await page.keyboard.type('4');
    await press('Enter', 4);
    await page.keyboard.press('/');
    await page.getByRole('searchbox', { name: 'Search the steps' }).fill('order by');
    await page.getByRole('searchbox').press('Enter');
    await page.getByLabel('SQL').getByText('SELECT id, name FROM item ORDER BY id').waitFor();
    await page.getByRole('region', { name: 'Decision' }).getByText('everything-else').waitFor();
    await state().getByText('in a transaction', { exact: true }).waitFor();
    await state().getByText('TimeZone = Asia/Kolkata, until the transaction ends').waitFor();
    await page.getByRole('searchbox').press('Escape');
    await press('ArrowRight', Number(await step()) + 1);
    const rows = page.getByRole('table', { name: 'Rows handed to the client' });
    expect(await rows.getByRole('cell').allTextContents()).toEqual(['1', 'anvil', '2', 'NULL']);
  });

  it("shows what Postgres' own log says in between", async () => {
    const timeline = page.getByRole('navigation', { name: 'Timeline' });
    await timeline.getByText(/^connection authorized: user=app_login/).waitFor();
    const texts = (await timeline.innerText()).split('\n');
    const place = (text: string): number => texts.findIndex((line) => line.startsWith(text));
    expect(place('Session authenticated')).toBeLessThan(place('connection authorized'));
    expect(place('connection authorized')).toBeLessThan(place('Session ready'));
  });

  it('shows a refusal, and what the session was like after it', async () => {
    await page.getByRole('navigation', { name: 'Timeline' }).getByText('DROP TABLE item').click();
    const decision = page.getByRole('region', { name: 'Decision' });
    await decision.getByText('nothing is dropped here').waitFor();
    await decision.getByText('deny', { exact: true }).waitFor();
    await state().getByText('outside of a transaction').waitFor();
  });

  it('spells out what would hide or reorder a text, in a statement and in its rows', async () => {
    const client = await connect();
    await client.query('SELECT \'\u202egnihton\u2066\' AS "<b>\u200b</b>" -- \u202ereve');
    await client.end();
    await page.goto(`${api.url}/sessions`);
    await page.getByRole('table', { name: 'Sessions' }).getByRole('link').first().click();
    await page
      .getByRole('navigation', { name: 'Timeline' })
      .getByText(/1 row handed over/)
      .click();
    const rows = page.getByRole('table', { name: 'Rows handed to the client' });
    await rows.getByRole('cell', { name: '⟨U+202E⟩gnihton⟨U+2066⟩', exact: true }).waitFor();
    await rows.getByRole('columnheader', { name: '<b>⟨U+200B⟩</b>', exact: true }).waitFor();
    await page.getByLabel('SQL').getByText('-- ⟨U+202E⟩reve').waitFor();
  });

  it('says that there is no such session, and the way to the others', async () => {
    await page.goto(`${api.url}/sessions/01936f00-0000-7000-8000-000000000000`);
    await page.getByRole('alert').getByText('There is no session 01936f00-0000-7000-8000-000000000000.').waitFor();
    await page.getByRole('link', { name: 'All sessions' }).click();
    await page.getByRole('table', { name: 'Sessions' }).waitFor();
  });

  it('marks masked cells', async () => {
    await page.goto(`${api.url}/sessions/${masked}/steps/4`);
    const rows = page.getByRole('table', { name: 'Rows handed to the client' });
    await rows.waitFor();
    expect(await rows.locator('td[data-masked=redact]').allTextContents()).toEqual([
      '*** (masked by redact)',
      '*** (masked by redact)',
    ]);
    expect(await rows.locator('td:not([data-masked])').allTextContents()).toEqual(['Ada', 'Bob']);
  });

  it('follows a live session', async () => {
    const client = await connect();
    await page.goto(`${api.url}/sessions?live=true`);
    await page.getByRole('table', { name: 'Sessions' }).getByRole('link').click();
    await page.getByRole('switch', { name: 'Follow' }).waitFor();
    await client.query("SELECT 'seen as it happens' AS line");
    // Which step is the newest, and whether its rows came with the statement's end or before it, is a matter of moments.
    await page.getByRole('navigation', { name: 'Timeline' }).getByText("SELECT 'seen as it happens' AS line").waitFor();
    await client.end();
    await page.getByRole('heading', { name: 'session closed' }).waitFor();
  });

  it('takes a vote: the statement runs, and the vote is on record', async () => {
    const running = (await connect()).query('DELETE FROM item WHERE name = $1 OR true', ['anvil']);
    await page
      .getByRole('navigation', { name: 'Pages' })
      .getByRole('link', { name: /Approvals/ })
      .click();
    const asked = page.getByRole('article', { name: 'DELETE by bot' });
    await asked.getByText('DELETE FROM item WHERE name = $1 OR true').waitFor();
    await asked.getByRole('row', { name: '$1 anvil' }).waitFor();
    await asked.getByText('app on main').waitFor();
    const held = (await world.record()).events.find(({ type }) => type === 'statement.held');
    await asked.locator(`a[href="/sessions/${held?.session ?? ''}/steps/${held?.seq ?? ''}"]`).waitFor();
    await asked.getByLabel('Reason').fill('the items are to go');
    await asked.getByRole('button', { name: 'Approve' }).click();
    await page.getByText('Your vote is on record: granted').waitFor();
    expect((await running).rowCount).toBe(2);
    const votes = (await world.record()).events.filter(({ type }) => type === 'approval.granted');
    expect(votes.map(({ data }) => data)).toEqual([
      expect.objectContaining({ by: { issuer: 'sallyport', subject: 'console' }, reason: 'the items are to go' }),
    ]);
  });

  it('tells who asked that nobody votes on their own', async () => {
    const client = await connect();
    const running = client.query('DELETE FROM item');
    running.catch(() => undefined);
    const own = await newPage(await browser.newContext());
    await own.goto(`${api.url}/approvals`);
    await own.getByLabel('Token').fill(await api.token('bot', ['approvers']));
    await own.getByRole('button', { name: 'Log in' }).click();
    await own.getByRole('article').getByRole('button', { name: 'Approve' }).click();
    await own.getByRole('alert').getByText('Nobody votes on a statement of their own').waitFor();
    await page.getByRole('article').getByRole('button', { name: 'Deny' }).click();
    await expect(running).rejects.toMatchObject({ code: '42501' });
  });

  it('says what cannot be shown while ClickHouse is away', async () => {
    await page.goto(`${api.url}/alerts`);
    await page.getByRole('alert').getByText('ClickHouse does not answer').waitFor();
  });

  it('forgets who was there when they log out', async () => {
    await page.getByRole('button', { name: /Logged in as console/ }).click();
    await page.getByRole('menuitem', { name: 'Log out' }).click();
    await page.getByLabel('Token').waitFor();
    await page.goto(api.consoleUrl);
    await page.getByText('This code has been used').waitFor();
  });
});
