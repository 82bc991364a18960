/** A path of our own pages, as somebody else asks us to send a browser to it; anything else is the first page. */
export function ownPath(asked: string | undefined): string {
  const here = 'http://here';
  if (asked === undefined || !/^\/(?![/\\])[\x21-\x7e]*$/.test(asked) || asked.includes('\\')) return '/';
  const url = URL.canParse(asked, here) ? new URL(asked, here) : undefined;
  // The api's own addresses are no pages.
  return url?.origin === here && !/^\/(api|\.well-known)(\/|$)/.test(url.pathname) ? `${url.pathname}${url.search}` : '/';
}
