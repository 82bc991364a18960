import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { Progress } from './progress.js';

describe('progress', () => {
  const told = async (isTTY: boolean): Promise<string> => {
    const out = Object.assign(new PassThrough(), { isTTY });
    const progress = new Progress(out as unknown as NodeJS.WriteStream);
    await progress.step('the shop is open', () => {
      progress.say('it takes a while');
      return Promise.resolve();
    });
    return String(out.read());
  };

  it('is a line a step, with what was said meanwhile before it', async () => {
    expect(stripVTControlCharacters(await told(false))).toMatch(/^it takes a while\n {2}✓ .* s.* the shop is open\n$/);
  });

  it('shows the step under way on a terminal, below what is said', async () => {
    const [first, ...rest] = (await told(true)).split('\r\u001b[2K').map(stripVTControlCharacters);
    expect(first).toMatch(/… the shop is open$/);
    expect(rest).toEqual([
      expect.stringMatching(/^it takes a while\n.*… the shop is open$/),
      expect.stringMatching(/✓ .* the shop is open\n$/),
    ]);
  });
});
