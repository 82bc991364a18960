import type { World } from '../e2e/world.js';
import { describePart, psql, venv } from '../parts.js';
import { Kitchen } from './kitchen.js';
import { heldAgainst, recipeOn } from './recipe.js';
import { envOf, startShop } from './shop.js';

/** What `prisma generate` would fetch from a host of its own, and does not need. */
const prisma = { PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true', npm_config_ignore_scripts: 'true', CHECKPOINT_DISABLE: '1' };

describePart([psql, venv], 'the recipe for', () => {
  let world: World;
  beforeAll(async () => {
    world = await startShop();
  }, 60_000);
  afterAll(() => world.stop(), 30_000);

  it.each([
    ['psql', {}],
    ['psycopg', {}],
    ['sqlalchemy', {}],
    ['prisma', prisma],
  ])(
    '%s prints what its page says',
    async (page, env) => {
      const recipe = recipeOn(page);
      const kitchen = await Kitchen.installed(recipe, env);
      const { printed, prints } = heldAgainst(await kitchen.run(recipe.run, await envOf(world)), recipe.prints);
      expect(printed).toBe(prints);
    },
    180_000,
  );
});
