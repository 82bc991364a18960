export { type Authenticated, type Issuer, type TokenType } from './access-token.js';
export { Authenticator, type AuthenticatorOptions } from './authenticator.js';
export { type ClaimMapping } from './claims.js';
export { AuthenticationFailed, type Refusal } from './errors.js';
export { type KeyTimes, keyTimes } from './issuer-keys.js';
export { configurationUrl } from './key-download.js';
export { type LoginSource, LoginThrottle, type Slowed } from './login-throttle.js';
export { type NewServiceToken, ServiceTokens, serviceTokenIssuer } from './service-tokens.js';
export { type StoredToken, TokenFileBusy } from './token-file.js';
