import createClient from 'openapi-fetch';
import type { components, paths } from '../client.js';
import { problemIn, RequestFailed, unreachable } from './problem.js';
import { authorization } from './token.js';
import { visible } from './visible.js';

type Schemas = components['schemas'];
export type Alert = Schemas['Alert'];
export type Approval = Schemas['Approval'];
export type Login = Schemas['Login'];
export type NativeLine = Schemas['NativeLine'];
export type NativeLines = Schemas['NativeLines'];
export type OneStep = Schemas['OneStep'];
export type ProjectedThrough = Schemas['ProjectedThrough'];
export type Scope = Schemas['Scope'];
export type Session = Schemas['Session'];
export type SessionPage = Schemas['SessionPage'];
export type SessionState = Schemas['SessionState'];
export type Step = Schemas['Step'];
export type StepLine = Schemas['StepLine'];
export type StepPage = Schemas['StepPage'];
export type StepResult = Schemas['StepResult'];
export type Decision = NonNullable<Step['decision']>;
export type Facts = Decision['statements'][number];
export type Verdict = Decision['verdict'];
export type Durability = Decision['durability'];
/** Text as it was sent; base64 where it is no UTF-8. */
export type RecordedText = string | { readonly b64: string };
export type Cell = StepResult['rows'][number][number];

/** What every answer carries beside itself. */
export interface Provenance {
  readonly source: SessionPage['source'];
  readonly projected_through: ProjectedThrough;
}

// The header is one that other sites cannot make a browser send.
export const api = createClient<paths>({ baseUrl: location.origin, headers: { 'x-sallyport-csrf': '1' } });
api.use({
  onRequest: ({ request }) => {
    for (const [name, value] of Object.entries(authorization())) request.headers.set(name, value);
  },
});

interface Answer<T> {
  readonly data?: T | undefined;
  readonly error?: unknown;
  readonly response: Response;
}

/** What was asked for, fit to be shown. @throws RequestFailed */
export async function bodyOf<T>(asked: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await asked.catch((cause: unknown): never => {
    throw new RequestFailed(unreachable, { cause });
  });
  if (!response.ok) throw new RequestFailed(problemIn(visible(error), response.status));
  return visible(data as T);
}
