import { closest } from './closest.js';

describe('the closest name', () => {
  const known = ['listen', 'targets', 'tls', 'port', 'databases', 'roles', 'rules'];

  it.each([
    ['lisen', 'listen'],
    ['prot', 'port'],
    ['databse', 'databases'],
    ['Targets', 'targets'],
    ['roels', 'roles'],
    ['colour', undefined],
    ['hunter2', undefined],
    ['', undefined],
  ])('to %j is %j', (word, meant) => {
    expect(closest(word, known)).toBe(meant);
  });
});
