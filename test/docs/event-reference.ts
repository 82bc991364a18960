import { type EventType, eventTypes, schemaOf, topicOf, versionOf } from '#events';
import type { z } from 'zod';
import { type Comments, SchemaComments } from './comments.js';
import { fieldsOf } from './fields.js';

/** Who writes each type, and what it says. A type that is missing here does not compile. */
const about: Readonly<Record<EventType, readonly [producer: string, says: string]>> = {
  'producer.started': ['every service that writes', 'A process opened its log.'],
  'producer.stopped': ['every service that writes', 'It closed its log in order. Without this its life ended by a crash.'],
  'session.opened': ['proxy', 'A client connected. Durable before the connection to the target is made.'],
  'session.authenticated': ['proxy', 'Who it is, and which database login that maps to.'],
  'session.refused': ['proxy', 'It was not let in, and why.'],
  'session.ready': ['proxy', 'The target answered: its version, its settings, the catalog that decisions rest on.'],
  'session.closed': ['proxy', 'The session ended: why, and how many bytes and statements are accounted for.'],
  'session.terminated': ['proxy, api', 'Someone or some rule ended a session.'],
  'wire.recorded': ['proxy', 'A chunk of a stream that no other event accounts for.'],
  'cancel.requested': ['proxy, api', 'A statement was to be cancelled.'],
  'statement.prepared': ['proxy', 'A statement was prepared: its text and facts, once. Its executions refer to it.'],
  'statement.decided': ['proxy', 'The decision on a statement, with everything that it was made on. Durable as its class asks.'],
  'statement.held': ['proxy', 'A statement waits for people. A second `statement.decided` alone ends the hold.'],
  'statement.completed': ['proxy', 'What came of a statement.'],
  'proxy.statement': ['proxy', 'The proxy itself spoke to the target, so that its own statements never look like a bypass.'],
  'policy.activated': ['proxy, api', 'A policy came into force; its text is the part `policy`.'],
  'catalog.observed': ['proxy', "A database's catalog, as decisions read it; the snapshot is the part `catalog`."],
  'approval.granted': ['api', 'A vote for a held statement, bound to its exact bytes.'],
  'approval.denied': ['api', 'A vote against it.'],
  'approval.withdrawn': ['api', 'A vote taken back.'],
  'access.viewed': ['api', 'Someone looked at the record.'],
  'export.created': ['api', 'Someone took a report or an export.'],
  'login.succeeded': ['api', 'Someone logged in to the console.'],
  'login.failed': ['api', 'Someone failed to.'],
  'login.ended': ['api', 'A login to the console ended.'],
  'login.throttled': ['proxy, api', 'Someone guesses, and is answered later and later.'],
  'token.issued': ['api', 'A token of our own was given out; never the token.'],
  'token.revoked': ['api', 'A token is good no more: sessions that came in by it end.'],
  'configuration.changed': ['every service that writes', 'What a service runs with is not what it ran with before.'],
  'connector.enrolled': ['proxy', 'A connector was given a certificate.'],
  'connector.connected': ['proxy', 'A connector dialled in.'],
  'connector.disconnected': ['proxy', 'Its link ended.'],
  'proxy.connected': ['proxy', 'The proxy made a connection to a target: for a session, or to read the catalog.'],
  'native.observed': ['reconciler', "A record of Postgres' own log; its text is the part `native`."],
  'native.explained': [
    'reconciler',
    "What a backend of Postgres' own log was for: a session, the proxy itself, or a declared exception.",
  ],
  'bypass.found': ['reconciler', 'A connection or a statement that never came through the proxy.'],
  'reconciliation.completed': ['reconciler', "How far Postgres' own logs are accounted for."],
  'alert.raised': ['detector', 'A detection rule was met.'],
};

/** docs/events.md, made from the schemas and their comments. */
export function eventReference(): string {
  const comments = new SchemaComments('libs/events');
  return `# Events

Made from the schemas in \`libs/events\` by \`npm run docs\`; a test compares the two.

An event is one JSON object in canonical form (RFC 8785, integers only), at most 256 KiB. The bytes that were written are the event:
they are stored and hashed as they are. Keys that are absent are omitted, unknown keys are refused. Why it is so:
[ADR 0001](adr/0001-written-bytes-are-the-event.md).

## Around every event

${table(schemaOf('producer.started').omit({ data: true }), comments.of('envelope'), envelopeComments)}

${eventTypes.map((type) => section(type, comments)).join('\n\n')}
`;
}

const envelopeComments: Comments = new Map([
  ['at', 'When, in unix milliseconds. It never decreases within the life of a producer.'],
  ['data', 'What the type says, below.'],
  ['parts', 'Commitments to content that travels beside the event: SQL, parameters, rows, other bytes.'],
  ['producer', 'The life of one process. With `pseq` it identifies the event.'],
  ['pseq', 'Contiguous per producer, from 0.'],
  ['seq', 'Contiguous per session, from 0.'],
  ['type', 'One of those below.'],
  ['v', 'The number of the schema of this type.'],
  ['wire', "The ranges of the session's two streams that it accounts for. Every byte belongs to one event."],
]);

function section(type: EventType, comments: SchemaComments): string {
  const [producer, says] = about[type];
  const data = (schemaOf(type).shape as { data: z.ZodObject }).data;
  return `## ${type}

${says}

Version ${versionOf(type)} · topic \`${topicOf(type)}\` · written by: ${producer}

${table(data, comments.of(constantOf(type)))}`;
}

/** What differs from type to type is shown as what it is in all of them. */
const ofAnyEvent: Readonly<Record<string, string>> = { type: 'text', v: 'integer ≥ 0' };

/** `statement.decided` is the constant StatementDecided. */
const constantOf = (type: EventType): string => type.replace(/(?:^|\.)([a-z])/g, (_, letter: string) => letter.toUpperCase());

function table(schema: z.ZodObject, comments: Comments, own: Comments = new Map()): string {
  const rows = fieldsOf(schema).map(({ path, type, optional }) => {
    return `| \`${path}\` | ${optional ? 'optional; ' : ''}${own.size > 0 ? (ofAnyEvent[path] ?? type) : type} | ${own.get(path) ?? comments.get(path) ?? ''} |`;
  });
  return ['| field | type | |', '| --- | --- | --- |', ...rows].join('\n');
}
