import { z } from 'zod';
import * as control from './control.js';
import * as identity from './identity.js';
import * as native from './native.js';
import * as session from './session.js';
import * as statement from './statement.js';
import { template } from './template.js';
import { topics, type Topic } from './topics.js';

const { events: toEvents, control: toControl } = topics;

/** Every type of event: its schema and its topic. Adding a type is adding a line. */
const catalogue = {
  'producer.started': { schema: control.ProducerStarted, topic: toEvents },
  'producer.stopped': { schema: control.ProducerStopped, topic: toEvents },
  'session.opened': { schema: session.SessionOpened, topic: toEvents },
  'session.authenticated': { schema: session.SessionAuthenticated, topic: toEvents },
  'session.refused': { schema: session.SessionRefused, topic: toEvents },
  'session.ready': { schema: session.SessionReady, topic: toEvents },
  'session.closed': { schema: session.SessionClosed, topic: toEvents },
  'session.terminated': { schema: session.SessionTerminated, topic: toControl },
  'wire.recorded': { schema: session.WireRecorded, topic: toEvents },
  'cancel.requested': { schema: session.CancelRequested, topic: toEvents },
  'statement.prepared': { schema: statement.StatementPrepared, topic: toEvents },
  'statement.decided': { schema: statement.StatementDecided, topic: toEvents },
  'statement.held': { schema: statement.StatementHeld, topic: toEvents },
  'statement.completed': { schema: statement.StatementCompleted, topic: toEvents },
  'proxy.statement': { schema: statement.ProxyStatement, topic: toEvents },
  'policy.activated': { schema: control.PolicyActivated, topic: toControl },
  'catalog.observed': { schema: control.CatalogObserved, topic: toEvents },
  'approval.granted': { schema: control.ApprovalGranted, topic: toControl },
  'approval.denied': { schema: control.ApprovalDenied, topic: toControl },
  'approval.withdrawn': { schema: control.ApprovalWithdrawn, topic: toControl },
  'access.viewed': { schema: control.AccessViewed, topic: toEvents },
  'export.created': { schema: control.ExportCreated, topic: toEvents },
  'login.succeeded': { schema: identity.LoginSucceeded, topic: toEvents },
  'login.failed': { schema: identity.LoginFailed, topic: toEvents },
  'login.ended': { schema: identity.LoginEnded, topic: toEvents },
  'login.throttled': { schema: identity.LoginThrottled, topic: toEvents },
  'token.issued': { schema: identity.TokenIssued, topic: toEvents },
  'token.revoked': { schema: identity.TokenRevoked, topic: toControl },
  'configuration.changed': { schema: identity.ConfigurationChanged, topic: toEvents },
  'connector.enrolled': { schema: identity.ConnectorEnrolled, topic: toEvents },
  'connector.connected': { schema: identity.ConnectorConnected, topic: toEvents },
  'connector.disconnected': { schema: identity.ConnectorDisconnected, topic: toEvents },
  'proxy.connected': { schema: native.ProxyConnected, topic: toEvents },
  'native.observed': { schema: native.NativeObserved, topic: toEvents },
  'native.explained': { schema: native.NativeExplained, topic: toEvents },
  'bypass.found': { schema: native.BypassFound, topic: toEvents },
  'reconciliation.completed': { schema: native.ReconciliationCompleted, topic: toEvents },
  'alert.raised': { schema: control.AlertRaised, topic: toEvents },
} as const satisfies Record<string, { schema: z.ZodObject; topic: Topic }>;

export type EventType = keyof typeof catalogue;
export type EventOf<T extends EventType> = z.infer<(typeof catalogue)[T]['schema']>;
/** Any event, told apart by `type`. */
export type Event = { [T in EventType]: EventOf<T> }[EventType];

export const eventTypes = Object.keys(catalogue) as EventType[];
export const schemaOf = (type: EventType): z.ZodObject => catalogue[type].schema;
export const topicOf = (type: EventType): Topic => catalogue[type].topic;
/** The schema number that this code writes. */
export const versionOf = (type: EventType): number => {
  const [v] = catalogue[type].schema.shape.v.values;
  return v as number;
};

const writers = new Map<EventType, (event: Event) => string>(eventTypes.map((type) => [type, template(schemaOf(type))]));

/** The canonical text of an event. These bytes are the event: what is stored and hashed is this, never a re-serialisation. */
export function serialize(event: Event): string {
  const write = writers.get(event.type);
  if (!write) throw new UnknownEvent(event.type, event.v);
  return write(event);
}

/**
 * Reads canonical bytes back, checked against the schema of their type.
 * @throws UnknownEvent for a type or version that this code does not know, MalformedEvent for anything else
 */
export function parseEvent(bytes: Uint8Array): Event {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch (cause) {
    throw new MalformedEvent('no JSON', { cause });
  }
  const head = z.object({ type: z.string(), v: z.int() }).safeParse(json);
  if (!head.success) throw new MalformedEvent(z.prettifyError(head.error));
  const { type, v } = head.data;
  if (!Object.hasOwn(catalogue, type) || versionOf(type as EventType) !== v) throw new UnknownEvent(type, v);
  const event = schemaOf(type as EventType).safeParse(json);
  if (!event.success) throw new MalformedEvent(`${type}: ${z.prettifyError(event.error)}`);
  return event.data as Event;
}

export class MalformedEvent extends Error {
  override readonly name = 'MalformedEvent';
}

export class UnknownEvent extends Error {
  override readonly name = 'UnknownEvent';
  constructor(
    readonly type: string,
    readonly v: number,
  ) {
    super(`no schema for ${type} v${v}`);
  }
}

/** `<producer>/<pseq>`. */
export const eventId = (event: { readonly producer: string; readonly pseq: number }): string => `${event.producer}/${event.pseq}`;
