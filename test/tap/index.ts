export { expectAccounted } from './accounted.js';
export { heldAgainstRecord, unaccounted } from './comparison.js';
export { keepTapped, readTapped } from './kept.js';
export { startTap, type Tap, type TapOptions } from './tap.js';
export type { TappedSession } from './tapped-session.js';
