import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { nodeTags, untaggedFields } from './node-kinds.js';

/** The parser's own description of its tree: fields by node, with the type of each. */
function describedNodes(): Map<string, Map<string, string>> {
  const types = join(dirname(createRequire(import.meta.url).resolve('@pgsql/types/package.json')), 'types.d.ts');
  const nodes = new Map<string, Map<string, string>>();
  for (const [, node = '', body = ''] of readFileSync(types, 'utf8').matchAll(/export interface (\w+) \{(.*?)\n\}/gs)) {
    const fields = [...body.matchAll(/(\w+)\??: ([^;]+);/g)].map(
      ([, field = '', type = '']) => [field, type.replace('[]', '')] as const,
    );
    nodes.set(node, new Map(fields));
  }
  return nodes;
}

describe('the kinds of nodes', () => {
  const described = describedNodes();

  it('are all described by the parser', () => {
    expect([...nodeTags].filter((tag) => !described.has(tag))).toEqual([]);
  });

  it('know every field whose node carries no tag', () => {
    const expected: Record<string, Record<string, string>> = {};
    for (const [node, fields] of described) {
      if (!nodeTags.has(node)) continue;
      const untagged = [...fields].filter(([, type]) => nodeTags.has(type));
      if (untagged.length > 0) expected[node] = Object.fromEntries(untagged);
    }
    expect(untaggedFields).toEqual(expected);
  });
});
