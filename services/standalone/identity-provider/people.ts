import type { IncomingMessage } from 'node:http';
import type { Provider } from 'oidc-provider';
import type { DemoPerson } from './settings.js';

/** Adds the page on which somebody says who of the cast they are. */
export function offerPeople(provider: Provider, people: readonly DemoPerson[]): void {
  provider.use(async (context, next) => {
    const uid = /^\/interaction\/([\w-]+)$/.exec(context.path)?.[1];
    if (uid === undefined) {
      await next();
      return;
    }
    const { req, res } = context;
    if (context.method === 'GET') {
      const { params } = await provider.interactionDetails(req, res);
      context.type = 'html';
      context.set('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
      context.body = page(uid, people, typeof params['client_id'] === 'string' ? params['client_id'] : '');
      return;
    }
    const id = new URLSearchParams(await bodyOf(req)).get('person');
    const isOfCast = people.some((person) => person.id === id);
    context.respond = false;
    await provider.interactionFinished(
      ...[req, res],
      isOfCast && id !== null ? { login: { accountId: id } } : { error: 'access_denied', error_description: 'nobody was chosen' },
    );
  });
}

const mostBytes = 4_096;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > mostBytes) throw new Error('the form is too large');
  }
  return text;
}

/** The ids are the demo's own: nothing in the page comes from outside. */
const page = (uid: string, people: readonly DemoPerson[], client: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Who are you?</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 26rem; margin: 12vh auto; padding: 0 1rem }
  button { display: block; width: 100%; margin: .5rem 0; padding: .6rem .8rem; font: inherit; text-align: left; cursor: pointer }
  small { display: block; opacity: .75 }
</style>
<main>
  <h1>Who are you?</h1>
  <p>The identity provider of the demo knows no passwords: choose somebody${/^[\w-]+$/.test(client) ? ` for ${client}` : ''}.</p>
  <form method="post" action="/interaction/${uid}">
    ${people.map(({ id, groups }) => `<button name="person" value="${id}">${id}<small>${groups.join(', ')}</small></button>`).join('\n    ')}
  </form>
</main>
`;
