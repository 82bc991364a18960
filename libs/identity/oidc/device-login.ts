import * as client from 'openid-client';
import { LoginRefused } from '../login-refused.js';
import { discover } from './configuration.js';

export interface DeviceLoginOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** RFC 8707: what the access token is to be for. */
  readonly resource?: string | undefined;
  readonly signal?: AbortSignal;
}

/** What a person is shown: the address to open, and the code to type there. */
export interface DeviceCode {
  readonly userCode: string;
  readonly verificationUri: string;
  /** With the code in it, where the issuer has one. */
  readonly verificationUriComplete: string | undefined;
  readonly expiresInSeconds: number;
}

export interface DeviceLoggedIn {
  readonly accessToken: string;
  /** Unix milliseconds; undefined where the issuer does not say. */
  readonly expires: number | undefined;
}

/**
 * Logs in where there is no browser, RFC 8628: the person says yes elsewhere, and the issuer is asked again and again whether they
 * have, as often as it allows (`slow_down`).
 * @param show called once, before the waiting begins
 * @throws LoginRefused
 */
export async function logInByDevice(
  { issuer, clientId, scopes, resource, signal }: DeviceLoginOptions,
  show: (code: DeviceCode) => void,
  now: () => number,
): Promise<DeviceLoggedIn> {
  const extra = resource === undefined ? undefined : { resource };
  const configuration = await discover({ issuer, clientId }).catch((cause: unknown): never => {
    throw new LoginRefused('issuer-unavailable', { cause });
  });
  try {
    const begun = await client.initiateDeviceAuthorization(configuration, { scope: scopes.join(' '), ...extra });
    show({
      userCode: begun.user_code,
      verificationUri: begun.verification_uri,
      verificationUriComplete: begun.verification_uri_complete,
      expiresInSeconds: begun.expires_in,
    });
    const tokens = await client.pollDeviceAuthorizationGrant(configuration, begun, extra, signal && { signal });
    return {
      accessToken: tokens.access_token,
      expires: tokens.expires_in === undefined ? undefined : now() + tokens.expires_in * 1000,
    };
  } catch (cause) {
    const { message, name } = cause as Error;
    throw new LoginRefused('issuer-refused', { cause: Object.assign(new Error(message), { name }) });
  }
}
