import { reservePort } from './ports.js';

describe('reservePort', () => {
  it('takes the port that is wanted, and a free one while that is taken', async () => {
    const first = await reservePort(0);
    const other = await reservePort(first.port);
    expect(other.port).not.toBe(first.port);
    await first.release();
    const again = await reservePort(first.port);
    expect(again.port).toBe(first.port);
    await Promise.all([other.release(), again.release()]);
  });
});
