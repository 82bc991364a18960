import { formsOf } from './forms.js';

describe('the forms of a secret', () => {
  const forms = formsOf('a+secret/of?mine');
  const found = (text: string): boolean => forms.some((form) => text.includes(form));

  it.each(Array.from({ length: 7 }, (_, before) => before))('are found in base64 and hex, behind %i bytes', (before) => {
    const around = Buffer.concat([Buffer.alloc(before, 'x'), Buffer.from('a+secret/of?mine'), Buffer.from('yz')]);
    for (const encoding of ['utf8', 'hex', 'base64', 'base64url'] as const) expect(found(around.toString(encoding))).toBe(true);
  });

  it('are not found in something else', () => {
    const other = Buffer.from('another+secret/of?others');
    for (const encoding of ['utf8', 'hex', 'base64'] as const) expect(found(other.toString(encoding))).toBe(false);
  });
});
