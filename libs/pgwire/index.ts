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
export { Authenticator, AuthenticationUnsupported, type Credentials, md5Password, PasswordMissing } from './authenticator.js';
export { type CancelOptions, sendCancel } from './client/cancel.js';
export { connect, type Connection, type ConnectOptions, type Session } from './client/connect.js';
export type { Endpoint, TlsOptions } from './client/dial.js';
export { ConnectionLost, QueryFailed, ServerRefused, TlsRefused, Unreachable } from './client/errors.js';
export { PgClient, type Result } from './client/pg-client.js';
export { tlsServerEndPoint } from './end-point.js';
export { saslprep } from './saslprep.js';
export { ScramClient, ScramFailed, type ScramMechanism, type ScramOptions } from './scram.js';
