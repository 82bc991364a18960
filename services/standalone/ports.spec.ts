import { once } from 'node:events';
import { createServer } from 'node:net';
import { choosePort } from './ports.js';

describe('choosePort', () => {
  it('takes the port that is wanted, and a free one when that is taken', async () => {
    const wanted = await choosePort(0);
    expect(await choosePort(wanted)).toBe(wanted);
    const holder = createServer().listen(wanted, '127.0.0.1');
    await once(holder, 'listening');
    const other = await choosePort(wanted);
    holder.close();
    expect(other).toBeGreaterThan(0);
    expect(other).not.toBe(wanted);
  });
});
