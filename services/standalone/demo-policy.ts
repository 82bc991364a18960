/** The policy of the demo: what its agent may do, what a person has to approve, and what nobody sees in full. */
export const demoPolicy = `# Made by the demo at every start.

# Who may come in, and as which login of the target. The first role that fits is taken; without one there is no session.
roles:
  - groups: [billing]
    target: demo
    databases: [shop]
    login: billing_agent
  - groups: [viewers, responders, approvers, auditors, admins]
    target: demo
    databases: [shop]
    login: analyst

# The first rule that matches decides; what no rule matches is denied. Of several statements in one text the strictest counts.
rules:
  - name: no-way-around
    when: { risks: [file, program, role, lexer-setting] }
    then: deny
    reason: server files, programs, other identities and the reading of SQL itself are out of reach
  - name: no-definitions
    when: { effects: [ddl, privilege] }
    then: deny
    reason: tables and rights are changed by migrations, not by agents
  - name: mass-writes
    when: { onlyRisks: [advisory-lock, cascade, lock-all, mass-write, notify, sleep, temporary-relation], unbounded: true }
    then: hold
    hold: { approvers: [approvers], wait: 45s, expires: 15m }
    reason: no unique key bounds the rows that it changes
  - name: billing-works
    when:
      groups: [billing]
      onlyEffects: [read, write, session, transaction]
      onlyRisks: [advisory-lock, lock-all, notify, sleep]
    then: allow
  - name: everyone-reads
    when:
      onlyEffects: [read, session, transaction]
      onlyRisks: [advisory-lock, notify, sleep]
    then: allow
  - name: the-rest
    when: { onlyEffects: [read, write, code, session, transaction] }
    then: hold
    hold: { approvers: [approvers], wait: 45s, expires: 15m }
    reason: it runs code, or names something, that cannot be seen into

# Columns that nobody is shown in full.
masks:
  - column: public.customers.ssn
    mask: partial
    keep: { last: 4 }
  - column: public.customers.email
    mask: redact
  - column: public.customers.profile
    path: [phone]
    mask: redact
  - column: public.cards.number
    mask: partial
    keep: { last: 4 }
`;
