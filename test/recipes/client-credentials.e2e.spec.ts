import { TestIssuer } from '../oidc/provider.js';
import type { World } from '../e2e/world.js';
import { Kitchen } from './kitchen.js';
import { recipeOn } from './recipe.js';
import { placeOf, principalsOf, startShop } from './shop.js';

describe('the recipe for client credentials', () => {
  const recipe = recipeOn('client-credentials');
  let issuer: TestIssuer;
  let world: World;
  let kitchen: Kitchen;
  beforeAll(async () => {
    issuer = await TestIssuer.start();
    world = await startShop([{ issuer: issuer.url, audience: 'sallyport', algorithms: ['ES256'] }]);
    kitchen = Kitchen.here(recipe);
  }, 60_000);
  afterAll(async () => {
    kitchen.clear();
    await world.stop();
    await issuer.stop();
  }, 30_000);

  it('prints what its page says, as the client', async () => {
    const printed = await kitchen.run(recipe.run, {
      ...placeOf(world),
      PGUSER: 'billing-bot',
      OAUTH_TOKEN_URL: `${issuer.url}/token`,
      OAUTH_CLIENT_ID: 'billing-bot',
      OAUTH_CLIENT_SECRET: 'secret',
      OAUTH_RESOURCE: 'urn:sallyport',
    });
    expect(printed).toBe(recipe.prints);
    expect(await principalsOf(world)).toEqual([
      { issuer: issuer.url, subject: 'billing-bot', kind: 'agent', groups: ['agents', 'billing'] },
    ]);
  });
});
