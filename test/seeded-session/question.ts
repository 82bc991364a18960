import { serialize as frontend } from 'pg-protocol';
import { currentRole, effective, type SessionState, type Unknown } from '#replay';

/** What the backend says of its session. */
export interface Answer {
  readonly role: string;
  readonly searchPath: string;
  readonly settings: readonly string[];
  readonly isolation: string;
  /** With whether SQL made it. */
  readonly prepared: readonly (readonly [name: string, bySql: boolean])[];
  readonly portals: readonly (readonly [name: string, holdable: boolean])[];
  readonly temp: readonly string[];
}

const settings = ['work_mem', 'TimeZone', 'DateStyle', 'app.x'];

/** Gives an `Answer` as JSON, in one row of one column. */
export const questionText = `SELECT json_build_object(
  'role', current_user,
  'searchPath', current_setting('search_path'),
  'settings', json_build_array(${settings.map((name) => `coalesce(current_setting('${name}', true), '')`).join(', ')}),
  'isolation', current_setting('transaction_isolation'),
  'prepared', (SELECT coalesce(json_agg(json_build_array(name, from_sql) ORDER BY name COLLATE "C"), '[]')
               FROM pg_prepared_statements WHERE name <> 'probe'),
  'portals', (SELECT coalesce(json_agg(json_build_array(name, is_holdable) ORDER BY name COLLATE "C"), '[]')
              FROM pg_cursors WHERE name <> 'probe'),
  'temp', (SELECT coalesce(json_agg(relname ORDER BY relname COLLATE "C"), '[]')
           FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'))`;

/** Asked under names of its own, so that the unnamed statement and portal stay as they are. */
export const question = Buffer.concat([
  frontend.parse({ name: 'probe', text: questionText }),
  frontend.bind({ portal: 'probe', statement: 'probe' }),
  frontend.execute({ portal: 'probe' }),
  frontend.close({ type: 'P', name: 'probe' }),
  frontend.close({ type: 'S', name: 'probe' }),
  frontend.sync(),
]);

/**
 * The same, of the folded state. What it names unknown is taken from the backend's answer: it claims nothing about that.
 * @param start what the backend answered first, where the wire does not show how a setting began
 */
export function claimed({ scope, prepared, portals, unknown }: SessionState, answer: Answer, start: Answer): Answer {
  const settingOf = (name: string): string | undefined => {
    const found = scope.settings.find((setting) => setting.name.toLowerCase() === name.toLowerCase());
    return found === undefined ? undefined : (effective(found) ?? undefined);
  };
  const known = <T>(what: Unknown, claim: T, otherwise: T): T => (unknown.includes(what) ? otherwise : claim);
  return {
    role: known('role', currentRole(scope) ?? '', answer.role),
    searchPath: known('search_path', settingOf('search_path') ?? start.searchPath, answer.searchPath),
    settings: settings.map((name, i) => known('settings', settingOf(name) ?? start.settings[i] ?? '', answer.settings[i] ?? '')),
    isolation: known('settings', settingOf('transaction_isolation') ?? start.isolation, answer.isolation),
    prepared: known(
      'prepared',
      prepared.filter(({ name }) => name !== '' && name !== 'probe').map(({ name, by }) => [name, by === 'sql'] as const),
      answer.prepared,
    ),
    portals: known(
      'portals',
      portals.filter(({ name }) => name !== 'probe').map(({ name, hold }) => [name, hold] as const),
      answer.portals,
    ),
    temp: known(
      'temp tables',
      scope.tempTables.map(({ name }) => name),
      answer.temp,
    ),
  };
}
