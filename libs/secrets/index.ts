export { type ServerCertificate, serverCertificate } from './certificate.js';
export { Credentials, type CredentialsOptions } from './credentials.js';
export { hasSecret, renewedSecretFile, replaceFile, secretFile } from './files.js';
export { newKeyLine, NoSealingKeys, seal, SealBroken, sealedUnder, type SealingKey, sealingKeys, unseal } from './sealing.js';
export { SecretUnavailable } from './unavailable.js';
export { ChangeRecord } from './change-record.js';
export { type Change, changesOf, type Seen, type Settings, settingsOf } from './changes.js';
