import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceProcess } from '../../test/e2e/service-process.js';
import { freePort } from '../../test/ports.js';

it('stops within a second while no broker answers: what it has not shipped is kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'detector-'));
  const config = join(folder, 'sallyport.yml');
  writeFileSync(config, `dataDir: data\nkafka: { brokers: ['127.0.0.1:${await freePort()}'] }\n`);
  const detector = await new ServiceProcess('detector', config).start();
  const asked = performance.now();
  expect(await detector.end('SIGTERM')).toBe(0);
  expect(performance.now() - asked).toBeLessThan(1_000);
  rmSync(folder, { recursive: true });
}, 30_000);
