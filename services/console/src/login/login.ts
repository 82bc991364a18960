import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { api, bodyOf, type Login } from '../api/client.js';
import { isUnauthenticated } from '../api/problem.js';
import { token } from '../api/token.js';
import { arrival } from './code.js';

const key = ['login'];

/** Who is here; null where the api knows nobody. */
export const useWhoAmI = () => useQuery({ queryKey: key, queryFn: whoAmI, staleTime: Infinity });

async function whoAmI(): Promise<Login | null> {
  await arrival;
  try {
    return await bodyOf(api.GET('/api/v1/login'));
  } catch (error) {
    if (isUnauthenticated(error)) return null;
    throw error;
  }
}

/** Logs in by a token. @throws RequestFailed when the api does not take it; it is not kept then */
export async function logInBy(value: string, client: QueryClient): Promise<void> {
  token.keep(value);
  try {
    client.setQueryData(key, await bodyOf(api.GET('/api/v1/login')));
  } catch (error) {
    token.forget();
    throw error;
  }
}

/** How one can log in here. */
export const useLoginWays = () =>
  useQuery({ queryKey: ['login-ways'], queryFn: () => bodyOf(api.GET('/api/v1/login/ways')), staleTime: 60_000 });

/** Logs the local admin in. @throws RequestFailed */
export async function breakGlass(password: string, client: QueryClient): Promise<void> {
  client.setQueryData(key, await bodyOf(api.POST('/api/v1/login/break-glass', { body: { password } })));
}

/** Ends the login here, at the api, and at the provider that it came from. Nothing that was read stays in the page. */
export function useLogOut(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    try {
      const { next } = await bodyOf(api.POST('/api/v1/login/end'));
      if (next !== null) location.assign(next);
    } finally {
      token.forget();
      client.setQueryData(key, null);
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== key[0] });
    }
  };
}

/** Says that the api no longer knows who is here. */
export const loggedOut = (client: QueryClient): void => {
  if (client.getQueryData<Login | null>(key)) client.setQueryData(key, null);
};

const CurrentLogin = createContext<Login | undefined>(undefined);
export const LoginProvider = CurrentLogin.Provider;

/** Who is logged in, below the pages that need a login. */
export function useLogin(): Login {
  const login = useContext(CurrentLogin);
  if (!login) throw new Error('outside of a login');
  return login;
}
