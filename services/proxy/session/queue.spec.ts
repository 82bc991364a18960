import { Queue } from './queue.js';

describe('a queue', () => {
  it('gives what an array would, whatever is pushed, shifted and removed in whatever order', () => {
    const queue = new Queue<number>();
    const array: number[] = [];
    for (let i = 0; i < 20_000; i++) {
      queue.push(i);
      array.push(i);
      if (i % 3 === 0 || i > 12_000) expect(queue.shift()).toBe(array.shift());
      if (i % 1000 === 7) {
        queue.remove(1);
        array.splice(1, 1);
      }
      if (i > 12_000) expect(queue.shift()).toBe(array.shift());
      expect([queue.length, queue.at(0), queue.at(1)]).toEqual([array.length, array[0], array[1]]);
    }
    expect([...queue]).toEqual(array);
    expect([queue.drain(), queue.length, queue.shift()]).toEqual([array, 0, undefined]);
  });
});
