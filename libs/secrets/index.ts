export { type ServerCertificate, serverCertificate } from './certificate.js';
export { hasSecret, replaceFile, secretFile } from './files.js';
