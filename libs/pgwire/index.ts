export * from './author.js';
export * from './backend.js';
export type { Format } from './body.js';
export { decodeFault, type Fault, type FaultField, toFault, toFields } from './fault.js';
export { type Direction, type Frame, Framer, type FramerOptions, type Incomplete, type Piece } from './framer.js';
export * from './frontend.js';
export { request } from './request.js';
export {
  decodeStartup,
  encodeCancelRequest,
  encodeSslRequest,
  encodeStartup,
  type Startup,
  type StartupParameter,
} from './startup.js';
export { FrameTooLong, MalformedFrame, MalformedMessage, MalformedStartup, ProtocolViolation } from './violation.js';
