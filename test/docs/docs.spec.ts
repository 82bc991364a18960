import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generated } from './generated.js';

describe('the generated documents', () => {
  it.each(generated().map(({ file, text }) => [file, text]))('%s is what `npm run docs` writes', (file, text) => {
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});

const documents = [
  ...readdirSync('.').filter((name) => name.endsWith('.md')),
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

describe('the documents', () => {
  it.each(documents)('%s has no link that leads nowhere', (file) => {
    const links = [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) => target ?? '');
    expect(links.filter((target) => !existsSync(join(dirname(file), target)))).toEqual([]);
  });
});
