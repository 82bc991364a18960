import { createHash } from 'node:crypto';

/**
 * The `tls-server-end-point` channel binding (RFC 5929 4.1): the server's certificate under the hash of its own signature, SHA-256 in
 * place of MD5 and SHA-1. Undefined for signatures that name no such hash (Ed25519, RSA-PSS): there is no binding then.
 * @param certificate DER
 */
export function tlsServerEndPoint(certificate: Buffer): Buffer | undefined {
  const hash = hashes[signatureAlgorithm(certificate) ?? ''];
  return hash === undefined ? undefined : createHash(hash).update(certificate).digest();
}

/** By the content of the algorithm's OID, in hex. */
const hashes: Readonly<Record<string, string | undefined>> = {
  '2a864886f70d010104': 'sha256', // md5WithRSAEncryption
  '2a864886f70d010105': 'sha256', // sha1WithRSAEncryption
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a864886f70d01010e': 'sha224',
  '2a8648ce3d0401': 'sha256', // ecdsa-with-SHA1
  '2a8648ce3d040301': 'sha224',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
};

/** Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER, … }, … } */
function signatureAlgorithm(certificate: Buffer): string | undefined {
  const whole = element(certificate, 0, 0x30);
  const tbs = whole && element(certificate, whole.from, 0x30);
  const algorithm = tbs && element(certificate, tbs.to, 0x30);
  const oid = algorithm && element(certificate, algorithm.from, 0x06);
  return oid && certificate.toString('hex', oid.from, oid.to);
}

/** Where the content of the DER element at this place is, undefined when there is none of that tag. */
function element(der: Buffer, at: number, tag: number): { from: number; to: number } | undefined {
  const [found, short] = der.subarray(at);
  if (found !== tag || short === undefined) return undefined;
  const lengthBytes = short < 0x80 ? 0 : short - 0x80;
  const from = at + 2 + lengthBytes;
  if (lengthBytes > 4 || from > der.length) return undefined;
  const to = from + (lengthBytes === 0 ? short : der.readUIntBE(at + 2, lengthBytes));
  return to <= der.length ? { from, to } : undefined;
}
