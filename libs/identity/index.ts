export { type Authenticated, type Issuer, type TokenType } from './access-token.js';
export { Authenticator, type AuthenticatorOptions } from './authenticator.js';
export { type ClaimMapping } from './claims.js';
export { AuthenticationFailed, type Refusal } from './errors.js';
export { targetOf } from './issued/issued-token.js';
export { discoveryOf, discoveryPath, jwksPath, knowingOwnKeys } from './issued/own-keys.js';
export { type NewToken, TokenIssuer, type TokenIssuerOptions } from './issued/token-issuer.js';
export { LoginRefused, type LoginRefusal } from './login-refused.js';
export { type DeviceCode, type DeviceLoggedIn, type DeviceLoginOptions, logInByDevice } from './oidc/device-login.js';
export { type OidcChallenge, OidcLogin, type OidcLoggedIn, type OidcLoginOptions } from './oidc/login-client.js';
export { type Asserted, type AttributeNames, longestLifetimeMs } from './saml/assertion.js';
export {
  type LogoutRequest,
  type SamlAddresses,
  SamlAssertions,
  type SamlProvider,
  SamlServiceProvider,
} from './saml/service-provider.js';
export { type KeyTimes, keyTimes } from './issuer-keys.js';
export { configurationUrl } from './key-download.js';
export { type LoginSource, LoginThrottle, type Slowed } from './login-throttle.js';
export { Revocations } from './revocations.js';
export { type NewServiceToken, ServiceTokens, serviceTokenIssuer } from './service-tokens.js';
export { type StoredToken, TokenFileBusy } from './token-file.js';
