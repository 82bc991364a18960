/** Why a login was refused. Stable: these are written into events, and shown to nobody who tries to log in. */
export type LoginRefusal =
  | 'malformed'
  | 'too-large'
  | 'doctype'
  | 'comment'
  | 'processing-instruction'
  | 'too-deep'
  | 'duplicate-id'
  | 'not-a-response'
  | 'version'
  | 'status'
  | 'destination'
  | 'encrypted'
  | 'no-assertion'
  | 'several-assertions'
  | 'unsigned'
  | 'signature-place'
  | 'algorithm'
  | 'transforms'
  | 'signature'
  | 'issuer'
  | 'subject'
  | 'subject-confirmation'
  | 'recipient'
  | 'in-response-to'
  | 'audience'
  | 'conditions'
  | 'expired'
  | 'not-yet-valid'
  | 'lifetime'
  | 'attributes'
  | 'replayed'
  | 'second-opinion'
  | 'another-browser'
  | 'unknown-flow'
  | 'issuer-unavailable'
  | 'issuer-refused'
  | 'id-token'
  | 'code'
  | 'code-used'
  | 'no-code'
  | 'password';

/** A login was refused. The message is for the operator's log: whoever tried is told nothing of it. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused';
  constructor(
    readonly reason: LoginRefusal,
    options?: ErrorOptions,
  ) {
    super(`the login was refused: ${reason}`, options);
  }
}
