export {
  encodeAuthenticationCleartextPassword,
  encodeAuthenticationOk,
  encodeAuthenticationSasl,
  encodeAuthenticationSaslContinue,
  encodeAuthenticationSaslFinal,
  encodeBackendKeyData,
  encodeBindComplete,
  encodeCloseComplete,
  encodeCommandComplete,
  encodeDataRow,
  encodeEmptyQueryResponse,
  encodeErrorResponse,
  encodeFields,
  encodeNegotiateProtocolVersion,
  encodeNoData,
  encodeNoticeResponse,
  encodeParameterDescription,
  encodeParameterStatus,
  encodeParseComplete,
  encodePortalSuspended,
  encodeReadyForQuery,
  encodeRowDescription,
} from './author.js';
export {
  type Authentication,
  type BackendKey,
  type Column,
  type CopyResponse,
  decodeAuthentication,
  decodeBackendKeyData,
  decodeCommandComplete,
  decodeCopyResponse,
  decodeDataRow,
  decodeNegotiateProtocolVersion,
  decodeNotification,
  decodeParameterDescription,
  decodeParameterStatus,
  decodeReadyForQuery,
  decodeRowDescription,
  eachCell,
  type NegotiateProtocolVersion,
  type Notification,
  type ParameterStatus,
  type TransactionStatus,
} from './backend.js';
export type { Format } from './body.js';
export { decodeFault, type Fault, type FaultField, toFault, toFields } from './fault.js';
export { type Direction, type Frame, Framer, type FramerOptions, type Incomplete, type Piece } from './framer.js';
export {
  type Bind,
  decodeBind,
  decodeClose,
  decodeCopyFail,
  decodeDescribe,
  decodeEmpty,
  decodeExecute,
  decodeFunctionCall,
  decodeParse,
  decodePassword,
  decodeQuery,
  decodeSaslInitialResponse,
  decodeSaslResponse,
  type Execute,
  type FunctionCall,
  type Naming,
  type Parse,
  type Query,
  type SaslInitialResponse,
} from './frontend.js';
export {
  type BearerFailure,
  bearerSeparator,
  decodeBearerFailure,
  decodeBearerResponse,
  encodeBearerFailure,
  encodeBearerResponse,
  oauthBearer,
} from './oauth-bearer.js';
export { request } from './request.js';
export {
  decodeStartup,
  encodeCancelRequest,
  encodeSslRequest,
  encodeStartup,
  type Startup,
  type StartupParameter,
} from './startup.js';
export {
  FrameTooLong,
  MalformedFrame,
  MalformedMessage,
  MalformedStartup,
  ProtocolViolation,
  UnexpectedMessage,
} from './violation.js';
export { Authenticator, AuthenticationUnsupported, type Credentials, md5Password, PasswordMissing } from './authenticator.js';
export { type CancelOptions, sendCancel } from './client/cancel.js';
export { connect, type Connection, type ConnectOptions, type Session } from './client/connect.js';
export type { Endpoint, TlsOptions } from './client/dial.js';
export { ConnectionLost, QueryFailed, ServerRefused, TlsRefused, Unreachable } from './client/errors.js';
export { PgClient, type Result } from './client/pg-client.js';
export { tlsServerEndPoint } from './end-point.js';
export { saslprep } from './saslprep.js';
export { ScramClient, ScramFailed, type ScramMechanism, type ScramOptions } from './scram.js';
