import { Holds, type HoldAnswer } from './session/port.js';
export class HoldDesk extends Holds {
  constructor(_o: unknown) { super(); }
  follow(_e: unknown): void { /* stub */ }
  followVotes(_r: unknown, _f: unknown): { stop: () => Promise<void> } { return { stop: () => Promise.resolve() }; }
  ask(): HoldAnswer { return { kind: 'held', approval: '018f7c1e-0000-7000-8000-00000000000a', approvers: ['approvers'], until: Date.now() + 60000 }; }
  giveBack(): void { /* stub */ }
  leave(): void { /* stub */ }
}
