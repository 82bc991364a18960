import { z } from 'zod';
import type { Colors } from '../terminal/io.js';
import { printable } from '../terminal/printable.js';

/** What a policy makes of a principal on one database, as the api says it, and as a policy file does. */
export const Explained = z.object({
  database: z.string(),
  granted: z.object({ name: z.string(), login: z.string(), mayAssume: z.array(z.string()) }).nullable(),
  passed: z.array(z.object({ name: z.string(), why: z.string(), failed: z.boolean() })),
  masks: z.array(z.object({ column: z.string(), mask: z.string(), exemptBy: z.string().nullable() })),
  rules: z.array(z.object({ name: z.string(), then: z.string(), depends: z.boolean() })),
});
export type Explained = z.infer<typeof Explained>;

export function explanation(target: string, { database, granted, passed, masks, rules }: Explained, colors: Colors): string {
  const { green, red, yellow, dim } = colors;
  const lines = [
    printable(`${target}/${database}`),
    ...passed.map(({ name, why, failed }) => `  ${failed ? yellow('!') : dim('-')} role ${printable(`${name}: ${why}`)}`),
    granted
      ? `  ${green('✓')} role ${printable(granted.name)}, which logs in as ${printable(granted.login)}${assumes(granted.mayAssume)}`
      : `  ${red('✗')} no role fits: no session`,
    ...masks.map(({ column, mask, exemptBy }) =>
      printable(`    mask ${mask} on ${column}: ${exemptBy === null ? 'applies' : `lifted by group ${exemptBy}`}`),
    ),
    ...rules.map(({ name, then, depends }) => printable(`    rule ${name}: ${then}${depends ? ', by the statement' : ''}`)),
  ];
  return `${lines.join('\n')}\n`;
}

const assumes = (roles: readonly string[]): string =>
  roles.length === 0 ? '' : printable(` and may change to ${roles.join(', ')}`);
