import { heldAgainst, recipeIn } from './recipe.js';

const page = `# A page

\`\`\`js client.mjs
connect();
\`\`\`

\`\`\`sh
sallyport connect
\`\`\`

\`\`\`sh run
node client.mjs
\`\`\`

\`\`\`text prints
Ada
denied (statement …)
\`\`\`
`;

describe('a recipe', () => {
  it('is the named blocks of its page', () => {
    expect(recipeIn('page', page)).toEqual({
      page: 'page',
      files: new Map([['client.mjs', 'connect();\n']]),
      install: undefined,
      run: 'node client.mjs\n',
      prints: 'Ada\ndenied (statement …)\n',
    });
  });

  it('says what is printed, and has each block once', () => {
    expect(() => recipeIn('page', page.replace('text prints', 'text'))).toThrow('page does not say what is printed');
    expect(() => recipeIn('page', page.replace('sh\n', 'sh run\n'))).toThrow('page has run twice');
  });

  it.each([
    ['Ada\ndenied (statement 7/0)\n', true],
    ['Ada\ndenied (statement )\n', false],
    ['Ada\ndenied (statement 7\n/0)\n', false],
    ['Ada\ndenied (statement 7/0)\nmore\n', false],
    ['Adam\n', false],
  ])('printed %j: %s', (printed, isAsSaid) => {
    const { prints } = recipeIn('page', page);
    const held = heldAgainst(printed, prints);
    expect(held.printed === held.prints).toBe(isAsSaid);
  });
});
