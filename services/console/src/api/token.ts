/** A bearer token that somebody pasted: kept for this tab only, and gone with it. */
const key = 'sallyport-token';

export const token = {
  get: (): string | null => sessionStorage.getItem(key),
  keep: (value: string): void => {
    sessionStorage.setItem(key, value);
  },
  forget: (): void => {
    sessionStorage.removeItem(key);
  },
};

/** The header for a request by token; none where the browser's cookie says who it is. */
export const authorization = (): Record<string, string> => {
  const value = token.get();
  return value === null ? {} : { authorization: `Bearer ${value}` };
};
