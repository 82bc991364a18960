import { opaqueRisks } from '#sql';
import type { Role } from './schema.js';

/**
 * The policy that a new installation starts with: plain reads, bounded writes, transactions and harmless settings run; what the
 * analysis cannot see into waits for an approver; what would lead around the proxy is refused.
 * @param approvers groups whose members may approve
 */
export function defaultPolicy(roles: readonly Role[], approvers: readonly string[]): string {
  const hold = `    then: hold
    hold: { approvers: ${JSON.stringify(approvers)}, wait: 45s, expires: 15m }`;
  return `version: 1

# Who may come in, and as which login of the target. The first role that fits is taken; without one there is no session.
roles:
${roles.map(roleText).join('\n')}

# The first rule that matches decides; what no rule matches is denied. Of several statements in one text the strictest counts.
rules:
  - name: no-way-around
    when: { risks: [file, program, role, lexer-setting] }
    then: deny
    reason: server files, programs, other identities and the reading of SQL itself are out of reach

  - name: no-privileges
    when: { effects: [privilege] }
    then: deny
    reason: privileges are changed by their owners, not through this door

  - name: no-loading
    when: { verbs: [LOAD, ALTER SYSTEM] }
    then: deny
    reason: the server's own code and configuration are out of reach

  - name: no-catalog-writes
    when: { writes: ['pg_catalog.*', 'information_schema.*'] }
    then: deny
    reason: the catalog is written by commands, not by hand

  - name: no-secrets
    when:
      reads:
        - pg_catalog.pg_authid
        - pg_catalog.pg_shadow
        - pg_catalog.pg_user_mapping
        - pg_catalog.pg_user_mappings
        - pg_catalog.pg_subscription
        - pg_catalog.pg_largeobject
        - pg_catalog.pg_hba_file_rules
        - pg_catalog.pg_ident_file_mappings
        - pg_catalog.pg_file_settings
    then: deny
    reason: passwords, keys and server files are kept there

  - name: unseen
    when:
      risks:
${[...opaqueRisks].map((risk) => `        - ${risk}`).join('\n')}
${hold}
    reason: it runs code, or names something, that cannot be seen into

  - name: definitions
    when: { effects: [ddl, code, file, network] }
${hold}
    reason: it changes what is defined, or reaches outside of the database

  - name: mass-writes
    when: { unbounded: true }
${hold}
    reason: no unique key bounds the rows that it changes

  - name: cascades
    when: { risks: [cascade] }
${hold}
    reason: rows of other tables change along with it, however many

  - name: server-wide
    when:
      risks:
        - foreign-table
        - large-object
        - lock-table
        - replication
        - search-path
        - sequence
        - server-function
        - setting
        - two-phase
${hold}
    reason: others, or later statements of this session, would feel it

  - name: reads-and-bounded-writes
    when:
      onlyEffects: [read, write, session, transaction]
      onlyRisks: [advisory-lock, lock-all, notify, sleep, temporary-relation]
    then: allow

# Columns that are never shown; only an exemption lifts a mask.
# masks:
#   - column: public.customers.ssn
#     mask: partial
#     keep: { last: 4 }
#     exempt: { groups: [support-lead] }
`;
}

function roleText({ name, groups, subjects, issuer, when, target, databases, login, mayAssume }: Role): string {
  const line = (key: string, value: unknown): string => `    ${key}: ${JSON.stringify(value)}`;
  const lines = [
    ...(name === undefined ? [] : [line('name', name)]),
    ...(groups === undefined ? [] : [line('groups', groups)]),
    ...(subjects === undefined ? [] : [line('subjects', subjects)]),
    ...(issuer === undefined ? [] : [line('issuer', issuer)]),
    ...(when === undefined ? [] : [line('when', when)]),
    line('target', target),
    line('databases', databases),
    line('login', login),
    ...(mayAssume === undefined ? [] : [line('mayAssume', mayAssume)]),
  ];
  return `  - ${lines.join('\n').trimStart()}`;
}
