import type { World } from '../e2e/world.js';
import { Kitchen } from './kitchen.js';
import { heldAgainst, recipeOn } from './recipe.js';
import { envOf, startShop } from './shop.js';

describe('the recipe for node-postgres', () => {
  const recipe = recipeOn('node-postgres');
  let world: World;
  let kitchen: Kitchen;
  beforeAll(async () => {
    world = await startShop();
    kitchen = Kitchen.here(recipe);
  }, 60_000);
  afterAll(async () => {
    kitchen.clear();
    await world.stop();
  }, 30_000);

  it('prints what its page says', async () => {
    const { printed, prints } = heldAgainst(await kitchen.run(recipe.run, await envOf(world)), recipe.prints);
    expect(printed).toBe(prints);
  });
});
