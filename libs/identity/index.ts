export { type Authenticated, type ClaimNames, type Issuer } from './access-token.js';
export { Authenticator, type AuthenticatorOptions } from './authenticator.js';
export { AuthenticationFailed, type Refusal } from './errors.js';
export { cooldownMs, outageMs, refreshMs } from './issuer-keys.js';
export { type NewServiceToken, ServiceTokens, serviceTokenIssuer } from './service-tokens.js';
export { type StoredToken, TokenFileBusy } from './token-file.js';
