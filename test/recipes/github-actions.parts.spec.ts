import type { World } from '../e2e/world.js';
import { type LocalIssuer, startIssuer } from '../issuer.js';
import { curl, describePart, jq, psql } from '../parts.js';
import { jobOf, startTokenEndpoint, type TokenEndpoint } from './github.js';
import { Kitchen } from './kitchen.js';
import { recipeOn } from './recipe.js';
import { placeOf, principalsOf, startShop } from './shop.js';

describePart([curl, jq, psql], 'the recipe for GitHub Actions', () => {
  const recipe = recipeOn('github-actions');
  const repository = 'acme/shop';
  let issuer: LocalIssuer;
  let world: World;
  let endpoint: TokenEndpoint;
  let kitchen: Kitchen;
  beforeAll(async () => {
    issuer = await startIssuer();
    world = await startShop([
      {
        issuer: issuer.url,
        audience: 'sallyport',
        claims: { subject: '{repository}', groups: ['repo:{repository}'], kind: { fixed: 'service' } },
      },
    ]);
    endpoint = await startTokenEndpoint((aud) =>
      issuer.sign({ aud, sub: `repo:${repository}:ref:refs/heads/main`, repository, ref: 'refs/heads/main' }, { typ: 'JWT' }),
    );
    kitchen = Kitchen.here(recipe);
  }, 60_000);
  afterAll(async () => {
    kitchen.clear();
    await world.stop();
    await endpoint.stop();
    await issuer.stop();
  }, 30_000);

  it('prints what its page says, as the repository', async () => {
    const { PGHOST = '', PGPORT = '' } = placeOf(world);
    const job = jobOf(recipe.files.get('.github/workflows/report.yml') ?? '', {
      'github.repository': repository,
      'vars.SALLYPORT_HOST': PGHOST,
      'vars.SALLYPORT_PORT': PGPORT,
      'vars.SALLYPORT_CA': world.certificates.ca,
    });
    const printed: string[] = [];
    for (const step of job.steps) printed.push(await kitchen.run(step, { ...job.env, ...endpoint.env, PGDATABASE: 'app' }));
    expect(printed.join('')).toBe(recipe.prints);
    expect(await principalsOf(world)).toEqual([
      { issuer: issuer.url, subject: repository, kind: 'service', groups: [`repo:${repository}`] },
    ]);
  });
});
