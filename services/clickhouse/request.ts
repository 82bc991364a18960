import type { IncomingHttpHeaders } from 'node:http';
import { Refused } from './refused.js';

/** The query string of ClickHouse's HTTP interface, taken apart. */
export interface Request {
  readonly queryId: string | undefined;
  /** The statement, where it is not the body. */
  readonly query: string | undefined;
  readonly database: string;
  readonly format: string | undefined;
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly parameters: readonly (readonly [name: string, value: string])[];
  readonly compressed: boolean;
}

/** @throws Refused for what only a server with users and named sessions can do */
export function readRequest(search: URLSearchParams, headers: IncomingHttpHeaders): Request {
  const settings: (readonly [string, string])[] = [];
  const parameters: (readonly [string, string])[] = [];
  for (const [name, value] of search) {
    if (refused.has(name)) throw new Refused('NOT_IMPLEMENTED', `The parameter ${name} is not served`);
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new Refused('UNKNOWN_SETTING', `Unknown setting '${name}'`);
    if (name.startsWith('param_')) parameters.push([name.slice('param_'.length), value]);
    else if (!transport.has(name)) settings.push([name, value]);
  }
  const database = search.get('database');
  return {
    queryId: search.get('query_id') ?? undefined,
    query: search.get('query') ?? undefined,
    // The engine's own database `default` shows every file of the machine as a table (see guard.ts).
    database: database === null || database === 'default' ? 'system' : database,
    format: search.get('default_format') ?? header(headers['x-clickhouse-format']),
    settings,
    parameters,
    compressed: search.get('enable_http_compression') === '1' && /\bgzip\b/.test(headers['accept-encoding'] ?? ''),
  };
}

const refused = new Set([
  'session_id',
  'session_timeout',
  'role',
  'user',
  'password',
  'quota_key',
  'readonly',
  'log_comment',
  'compress',
  'decompress',
]);

/** Parameters of the transport, which the engine knows nothing of. */
const transport = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'wait_end_of_query',
  'buffer_size',
  'enable_http_compression',
  'http_zlib_compression_level',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'http_write_exception_in_output_format',
  'cancel_http_readonly_queries_on_client_close',
]);

const header = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);
