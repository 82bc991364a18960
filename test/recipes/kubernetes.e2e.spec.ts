import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { World } from '../e2e/world.js';
import { type LocalIssuer, startIssuer } from '../issuer.js';
import { Kitchen } from './kitchen.js';
import { Pod } from './kubelet.js';
import { recipeOn } from './recipe.js';
import { placeOf, principalsOf, startShop } from './shop.js';

describe('the recipe for Kubernetes', () => {
  const recipe = recipeOn('kubernetes');
  let issuer: LocalIssuer;
  let world: World;
  let kitchen: Kitchen;
  let pod: Pod;
  beforeAll(async () => {
    issuer = await startIssuer();
    world = await startShop([
      {
        issuer: issuer.url,
        audience: 'sallyport',
        clockSkewSeconds: 0,
        claims: {
          subject: '{kubernetes.io.namespace}/{kubernetes.io.serviceaccount.name}',
          groups: ['serviceaccount:{kubernetes.io.namespace}/{kubernetes.io.serviceaccount.name}'],
          kind: { fixed: 'service' },
        },
      },
    ]);
    kitchen = Kitchen.here(recipe);
    pod = new Pod(recipe.files.get('deployment.yml') ?? '');
  }, 60_000);
  afterAll(async () => {
    pod.clear();
    kitchen.clear();
    await world.stop();
    await issuer.stop();
  }, 30_000);

  /** As the API server signs them. @param seconds how long it is good for */
  const token = (seconds: number): Promise<string> =>
    issuer.sign(
      {
        aud: [pod.audience],
        sub: 'system:serviceaccount:shop:reports',
        exp: Math.floor(Date.now() / 1000) + seconds,
        'kubernetes.io': { namespace: 'shop', serviceaccount: { name: 'reports' } },
      },
      { typ: 'JWT' },
    );

  it('prints what its page says, and goes on with the renewed token when the first has ended', async () => {
    pod.renew(await token(4));
    const child = kitchen.start(recipe.run, { ...pod.env, ...placeOf(world) });
    const exited = once(child, 'exit');
    const { stdin, stdout } = child;
    if (!stdin || !stdout) throw new Error('the recipe has no pipes');
    const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    const printed: string[] = [];
    const line = async (): Promise<void> => {
      printed.push(`${((await lines.next()) as { readonly value: string }).value}\n`);
    };
    stdin.write('1\n');
    await line();
    pod.renew(await token(3600));
    await line(); // the first token has ended, and its session with it
    stdin.end('2\n');
    await line();
    expect(printed.join('')).toBe(recipe.prints);
    expect(await exited).toEqual([0, null]);
    const reports = { issuer: issuer.url, subject: 'shop/reports', kind: 'service', groups: ['serviceaccount:shop/reports'] };
    expect(await principalsOf(world)).toEqual([reports, reports]);
  });
});
