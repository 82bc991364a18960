import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { replaceFile } from './files.js';

/** Paths of PEM files. */
export interface ServerCertificate {
  /** What clients trust: `sslrootcert`. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const dayMs = 86_400_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

const local = ['localhost', '127.0.0.1'];

/**
 * A certificate for localhost, 127.0.0.1 and other names, by an authority made for it alone. The authority's key is kept nowhere:
 * whoever trusts it trusts this one certificate. One that the folder has already stays, until 30 days before it expires.
 * @param now unix milliseconds
 * @param others host names and addresses that clients connect to
 */
export async function serverCertificate(folder: string, now: number, others: readonly string[] = []): Promise<ServerCertificate> {
  const files = { ca: join(folder, 'ca.pem'), cert: join(folder, 'server.pem'), key: join(folder, 'server.key') };
  if (Object.values(files).every(existsSync) && expiry(files.cert) > now + 30 * dayMs) return files;

  const [authority, server] = await Promise.all([newKeys(), newKeys()]);
  const valid = { notBefore: new Date(now - dayMs), notAfter: new Date(now + 365 * dayMs) };
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Sallyport, for this server alone',
    keys: authority,
    signingAlgorithm: algorithm,
    ...valid,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  const leaf = await X509CertificateGenerator.create({
    subject: 'CN=localhost',
    issuer: ca.subject,
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: algorithm,
    ...valid,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      await SubjectKeyIdentifierExtension.create(server.publicKey),
      await AuthorityKeyIdentifierExtension.create(authority.publicKey),
      new SubjectAlternativeNameExtension(
        [...new Set([...local, ...others])].map((value) => ({
          type: isIP(value) > 0 ? ('ip' as const) : ('dns' as const),
          value,
        })),
      ),
    ],
  });
  replaceFile(files.ca, `${ca.toString('pem')}\n`);
  replaceFile(files.cert, `${leaf.toString('pem')}\n`);
  replaceFile(files.key, await privateKeyPem(server.privateKey));
  return files;
}

const expiry = (file: string): number => new X509Certificate(readFileSync(file, 'utf8')).notAfter.getTime();

const newKeys = (): Promise<CryptoKeyPair> => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

async function privateKeyPem(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{1,64}/g, '$&\n')}-----END PRIVATE KEY-----\n`;
}
