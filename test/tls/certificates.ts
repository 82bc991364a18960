import { makeAuthority, type Identity } from './authority.js';

/** All PEM. */
export interface Certificates extends Identity {
  readonly ca: string;
}

/** An authority of one test run, and a certificate of it for localhost and 127.0.0.1. */
export async function makeCertificates(): Promise<Certificates> {
  const authority = await makeAuthority('Sallyport test authority');
  return { ca: authority.ca, ...(await authority.issue({ dns: ['localhost'], ip: ['127.0.0.1'] })) };
}
