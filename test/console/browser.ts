import chromium from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';
import type { Part } from '../parts.js';

/** The browser that npm brings, where it runs. */
export const browserFromNpm: Part = {
  name: 'a browser',
  get: 'npm has one for Linux on x64; on other machines the console is not tested',
  find: () => (process.platform === 'linux' && process.arch === 'x64' ? '@sparticuz/chromium' : undefined),
};

/** Starts it. The first time on a machine it is unpacked. */
export const startBrowser = async (): Promise<Browser> =>
  playwright.launch({ executablePath: await chromium.executablePath(), args: ['--no-sandbox'] });
