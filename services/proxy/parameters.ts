import { isRunValue, type RunContext, type RunKey } from '#events';
import type { StartupParameter } from '#pgwire';
import { SessionRefused } from './refused.js';
import { type Mode, modes } from './session/port.js';

/** Settings that a client may bring along: none changes how a statement is read or what it may reach. */
const allowed = new Map(
  [
    'application_name',
    'client_encoding',
    'DateStyle',
    'IntervalStyle',
    'TimeZone',
    'extra_float_digits',
    'statement_timeout',
    'lock_timeout',
    'idle_in_transaction_session_timeout',
    'idle_session_timeout',
    'transaction_timeout',
  ].map((name) => [name.toLowerCase(), name]),
);

/** What a client tells the proxy alone, by `options=-c sallyport.run=…`. None of it reaches the server. */
const own = ['auth', 'mode', 'run', 'conversation', 'tool_call', 'traceparent'] as const;
export type OwnParameter = (typeof own)[number];
const ownPrefix = 'sallyport.';

export interface Requested {
  readonly user: string;
  readonly database: string;
  /** Settings for the server, by the name that it knows. */
  readonly settings: Readonly<Record<string, string>>;
  readonly mode: Mode;
  /** What is for the proxy alone. */
  readonly own: Readonly<Partial<Record<OwnParameter, string>>>;
}

/**
 * What a start-up packet asks for, `options` taken apart. Settings are decided like SET: what is not listed is refused by name.
 * @throws SessionRefused
 */
export function requestedBy(parameters: readonly StartupParameter[]): Requested {
  let user = '';
  let database = '';
  const settings: Record<string, string> = {};
  const forProxy: Partial<Record<OwnParameter, string>> = {};
  const set = (name: string, value: string): void => {
    if (name.toLowerCase().startsWith(ownPrefix)) {
      forProxy[ownParameter(name)] = value;
      return;
    }
    const known = allowed.get(name.toLowerCase());
    if (known === undefined)
      throw new SessionRefused('startup', '42501', `the start-up parameter "${name}" is not permitted`, {
        hint: `Permitted are: ${[...allowed.values()].join(', ')}.`,
      });
    settings[known] = value;
  };
  for (const { name, value } of parameters) {
    const text = value.toString('utf8');
    if (name === 'user') user = text;
    else if (name === 'database') database = text;
    else if (name === 'replication' && /^(false|off|no|0)$/i.test(text)) continue;
    else if (name === 'options') for (const [key, setting] of optionsOf(text)) set(key, setting);
    else set(name, text);
  }
  if (user === '') throw new SessionRefused('startup', '28000', 'no user was given at start-up');
  encoding(settings);
  return { user, database: database === '' ? user : database, settings, mode: modeOf(forProxy.mode), own: forProxy };
}

function modeOf(text = 'wait'): Mode {
  const found = modes.find((one) => one === text);
  if (found === undefined)
    throw new SessionRefused('startup', '22023', `"${text}" is no sallyport.mode`, { hint: `Modes are: ${modes.join(', ')}.` });
  return found;
}

const runParameters = [
  ['run', 'run'],
  ['conversation', 'conversation'],
  ['tool_call', 'toolCall'],
  ['traceparent', 'traceparent'],
] as const satisfies readonly (readonly [OwnParameter, RunKey])[];

/**
 * What a client claims of its run at start-up.
 * @throws SessionRefused, which names the parameter whose value cannot be one
 */
export function claimedRun(own: Requested['own']): RunContext {
  const run: RunContext = {};
  for (const [parameter, key] of runParameters) {
    const value = own[parameter];
    if (value === undefined) continue;
    if (!isRunValue(key, value))
      throw new SessionRefused(
        'startup',
        '22023',
        `the value of the start-up parameter "${ownPrefix}${parameter}" cannot be used`,
        {
          hint:
            key === 'traceparent'
              ? 'It is written as W3C Trace Context says: 00-<32 hex digits>-<16 hex digits>-<2 hex digits>.'
              : 'It has 1 to 256 characters, none of them a control character.',
        },
      );
    run[key] = { value, by: 'startup' };
  }
  return run;
}

function ownParameter(name: string): OwnParameter {
  const found = own.find((one) => `${ownPrefix}${one}` === name.toLowerCase());
  if (found === undefined)
    throw new SessionRefused('startup', '42501', `the start-up parameter "${name}" is not known`, {
      hint: `Known are: ${own.map((one) => ownPrefix + one).join(', ')}.`,
    });
  return found;
}

/** The proxy reads SQL as UTF-8: any other encoding would have the server read other text. */
function encoding(settings: Record<string, string>): void {
  const given = settings.client_encoding;
  if (given === undefined) return;
  const plain = given.replace(/[^A-Za-z0-9]/g, '').toUpperCase();
  if (plain !== 'UTF8' && plain !== 'UNICODE' && plain !== 'SQLASCII')
    throw new SessionRefused('startup', '0A000', `client_encoding "${given}" is not supported: use UTF8`);
}

/** `-c name=value --name=value`, with backslash escapes for spaces, as Postgres splits them. */
function optionsOf(text: string): [name: string, value: string][] {
  const words = text.match(/(?:\\.|[^\s\\])+/g)?.map((word) => word.replace(/\\(.)/g, '$1')) ?? [];
  const found: [string, string][] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    const assignment = word === '-c' ? (words[++i] ?? '') : word.replace(/^(?:-c|--)/, '');
    const at = assignment.indexOf('=');
    if ((!word.startsWith('-c') && !word.startsWith('--')) || at <= 0)
      throw new SessionRefused('startup', '42501', `the start-up option "${word}" is not permitted`);
    found.push([assignment.slice(0, at).replaceAll('-', '_'), assignment.slice(at + 1)]);
  }
  return found;
}
