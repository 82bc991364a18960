export { type ServerCertificate, serverCertificate } from './certificate.js';
export { hasSecret, renewedSecretFile, replaceFile, secretFile } from './files.js';
