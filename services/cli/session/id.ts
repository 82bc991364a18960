import { Failure } from '../failure.js';

/** Whether this is a whole id, which needs no list of sessions to be told from others. */
export const isWhole = (id: string): boolean => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(id);

/** The one id that begins with this prefix; hyphens may be left out. @throws Failure when none or several do */
export function resolveId(ids: readonly string[], prefix: string): string {
  const plain = (id: string): string => id.replaceAll('-', '').toLowerCase();
  const found = ids.filter((id) => plain(id).startsWith(plain(prefix)));
  const [id] = found;
  if (id !== undefined && found.length === 1) return id;
  if (id === undefined) {
    const why = ids.length === 0 ? 'there are no sessions at all' : `no id of ${ids.length} begins so`;
    throw new Failure('notFound', { what: `There is no session ${prefix}`, why, todo: 'See `sallyport sessions`.' });
  }
  const some = found.slice(0, 5).join(', ');
  const why = `${found.length} sessions begin so (${some}${found.length > 5 ? ', …' : ''})`;
  throw new Failure('usage', { what: `${prefix} is not one session`, why, todo: 'Give more of the id.' });
}
