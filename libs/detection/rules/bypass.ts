import { eventId, type EventOf, type Text } from '#events';
import type { Rule } from '../rule.js';

/** R02: a connection to a target that neither a session nor a declared exception explains. Its statements are no findings of their own. */
export const bypass: Rule<null> = {
  id: 'R02',
  version: 1,
  title: 'Connected past Sallyport',
  initial: null,
  evolve(state, event) {
    if (event.type !== 'bypass.found' || event.data.what !== 'connection') return { state, findings: [] };
    return { state, findings: [{ severity: 'high', inputs: [eventId(event)], threshold: threshold(event.data) }] };
  },
};

function threshold({ user, database, target, client, application }: EventOf<'bypass.found'>['data']): string {
  const place = [target, ...(database === undefined ? [] : [said(database)])].join('/');
  const by = application === undefined ? '' : ` as ${said(application)}`;
  return `one connection that nothing explains: ${user === undefined ? 'somebody' : said(user)} to ${place} from ${client?.host ?? 'somewhere'}${by}`;
}

const said = (text: Text): string => (typeof text === 'string' ? text : `base64:${text.b64}`);
