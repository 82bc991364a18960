export { type Column } from './frames.js';
export { advance, type Advance, evolve } from './evolve.js';
export { type Request } from './request.js';
export { type Cell, type Result, step, type Step, steps } from './step.js';
export * from './state.js';
export { type Absent, MalformedRecording, type Message, type PartBytes, type Recorded } from './stream.js';
