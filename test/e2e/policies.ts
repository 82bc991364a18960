import { login } from './world.js';

/** Everything is allowed but DDL, which is denied, and unbounded writes, which are held. */
export const openPolicy = `version: 1
roles:
  - name: app
    groups: [agents]
    target: main
    databases: ['*']
    login: ${login.name}
rules:
  - name: no-drop
    when: { verbs: [DROP TABLE] }
    then: deny
    reason: nothing is dropped here
  - name: mass-write
    when: { unbounded: true }
    then: hold
    hold: { approvers: [approvers], wait: 30s }
  - name: everything-else
    when: {}
    then: allow
`;
