import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { serve } from '#runtime';
import { offerPeople } from './people.js';
import { makeProvider } from './provider.js';
import type { ProviderSettings } from './settings.js';

await serve({
  name: 'identity-provider',
  start: async ({ config }) => {
    const settings = JSON.parse(readFileSync(config, 'utf8')) as ProviderSettings;
    const provider = makeProvider(settings);
    offerPeople(provider, settings.people);
    const server = provider.listen(settings.port, '127.0.0.1');
    await once(server, 'listening');
    const close = async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    };
    return { listening: { http: settings.port }, stop: [{ name: 'close', deadlineMs: 500, run: close }] };
  },
});
