/** The policy of the demo: what its agent may do, what a person has to approve, and what nobody sees in full. */
export const demoPolicy = `# Made by the demo at every start.
version: 1

# Which groups log in to the database as whom.
roles:
  - { name: billing, groups: [billing], target: demo, database: shop, login: billing_agent }
  - { name: analysis, groups: [viewers, responders, approvers, auditors, admins], target: demo, database: shop, login: analyst }

# In order; the first that fits decides. What fits none is denied.
rules:
  - { name: nobody-changes-the-schema, when: { effects: [ddl, privilege] }, then: deny, reason: the schema is changed by migrations only }
  - { name: mass-changes-are-approved, when: { unbounded: true }, then: hold, approvers: [approvers] }
  - { name: billing-writes, when: { groups: [billing], verbs: [INSERT, UPDATE, DELETE], writes: [public.payments, public.payment_attempts, public.refunds, public.orders] }, then: allow }
  - { name: everyone-reads, when: { effects: [read, session, transaction] }, then: allow }

masks:
  - { column: public.customers.ssn, with: partial }
  - { column: public.customers.email, with: partial }
  - { column: public.cards.number, with: partial }
  - { column: public.customers.profile, path: phone, with: redact }
`;
