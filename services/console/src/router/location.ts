import { useSyncExternalStore } from 'react';

/** The address within the console: path and query. */
export const useAddress = (): string => useSyncExternalStore(subscribe, address);

/** Goes to an address. `replace`: without a new entry in the browser's history. */
export function navigate(to: string, how: 'push' | 'replace' = 'push'): void {
  if (to === address()) return;
  if (how === 'push') history.pushState(null, '', to);
  else history.replaceState(null, '', to);
  dispatchEvent(new PopStateEvent('popstate'));
}

const address = (): string => location.pathname + location.search;

function subscribe(changed: () => void): () => void {
  addEventListener('popstate', changed);
  return () => {
    removeEventListener('popstate', changed);
  };
}
