import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The schema of the samples of risks, in which much hides behind harmless names: rules, triggers, defaults, domains, casts, operators,
 * views that run code.
 */
export const riskFixture = readFileSync(join(process.cwd(), 'test', 'samples', 'risk_fixture.sql'), 'utf8');
