/**
 * What OCSF 1.8.0 says of a Datastore Activity record, as far as ours uses it: types, required attributes, closed sets of values, and the
 * constraints between them. An attribute that is not listed here is refused, so a record can only grow together with this list.
 */
type Type = 'string' | 'integer' | 'boolean' | readonly (string | number)[] | Shape | { readonly list: Type };
interface Shape {
  readonly attributes: Readonly<Record<string, Type>>;
  readonly required?: readonly string[];
  readonly atLeastOne?: readonly string[];
}

const named: Shape = { attributes: { name: 'string', uid: 'string' }, atLeastOne: ['name', 'uid'] };
const endpoint: Shape = {
  attributes: { ip: 'string', hostname: 'string', port: 'integer', name: 'string', svc_name: 'string', uid: 'string' },
  atLeastOne: ['ip', 'uid', 'name', 'hostname', 'svc_name'],
};
const product: Shape = {
  attributes: { name: 'string', vendor_name: 'string', version: 'string', feature: named },
  required: ['vendor_name'],
};
const policy: Shape = {
  attributes: { ...named.attributes, version: 'string', type: 'string', is_applied: 'boolean', desc: 'string' },
  atLeastOne: ['name', 'uid'],
};

/** enum attribute → its captions by id. */
const captions: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  severity: { 0: 'Unknown', 1: 'Informational', 2: 'Low', 3: 'Medium', 4: 'High', 5: 'Critical', 6: 'Fatal', 99: 'Other' },
  status: { 0: 'Unknown', 1: 'Success', 2: 'Failure', 99: 'Other' },
  action: { 0: 'Unknown', 1: 'Allowed', 2: 'Denied', 3: 'Observed', 4: 'Modified', 99: 'Other' },
  disposition: {
    0: 'Unknown',
    1: 'Allowed',
    2: 'Blocked',
    14: 'Delayed',
    15: 'Detected',
    17: 'Logged',
    19: 'Alert',
    25: 'Rejected',
  },
  risk_level: { 0: 'Info', 1: 'Low', 2: 'Medium', 3: 'High', 4: 'Critical' },
  type: { 0: 'Unknown', 1: 'Database', 2: 'Databucket', 3: 'Table', 99: 'Other' },
};
const activityCaptions: Readonly<Record<number, string>> = {
  ...{ 0: 'Unknown', 1: 'Read', 2: 'Update', 3: 'Connect', 4: 'Query', 5: 'Write', 6: 'Create', 7: 'Delete' },
  ...{ 8: 'List', 9: 'Encrypt', 10: 'Decrypt', 99: 'Other' },
};
const idsOf = (name: string): number[] => Object.keys(captions[name] ?? {}).map(Number);

const record: Shape = {
  attributes: {
    activity_id: Object.keys(activityCaptions).map(Number),
    activity_name: 'string',
    category_uid: [6],
    category_name: ['Application Activity'],
    class_uid: [6005],
    class_name: ['Datastore Activity'],
    type_uid: 'integer',
    type_name: 'string',
    time: 'integer',
    timezone_offset: 'integer',
    severity_id: idsOf('severity'),
    severity: 'string',
    status_id: idsOf('status'),
    status: 'string',
    status_code: 'string',
    status_detail: 'string',
    message: 'string',
    duration: 'integer',
    action_id: idsOf('action'),
    action: 'string',
    disposition_id: idsOf('disposition'),
    disposition: 'string',
    is_alert: 'boolean',
    risk_level_id: idsOf('risk_level'),
    risk_level: 'string',
    risk_score: 'integer',
    policy,
    firewall_rule: { attributes: { ...named.attributes, type: 'string' }, atLeastOne: ['name', 'uid'] },
    authorizations: { list: { attributes: { decision: 'string', policy } } },
    attacks: { list: { attributes: { version: 'string', tactic: named, technique: named } } },
    actor: {
      attributes: {
        app_name: 'string',
        app_uid: 'string',
        user: {
          attributes: {
            name: 'string',
            uid: 'string',
            domain: 'string',
            type_id: [0, 1, 2, 3, 99],
            type: 'string',
            groups: { list: named },
          },
          atLeastOne: ['name', 'uid'],
        },
        session: {
          attributes: {
            uid: 'string',
            created_time: 'integer',
            issuer: 'string',
            is_remote: 'boolean',
            credential_uid: 'string',
          },
        },
      },
      atLeastOne: ['process', 'user', 'iam_role', 'session', 'app_name', 'app_uid'],
    },
    src_endpoint: endpoint,
    dst_endpoint: endpoint,
    database: {
      attributes: { name: 'string', uid: 'string', type_id: [0, 1, 2, 3, 4, 5, 99], type: 'string' },
      required: ['type_id'],
      atLeastOne: ['name', 'uid'],
    },
    table: named,
    type_id: idsOf('type'),
    type: 'string',
    query_info: {
      attributes: { uid: 'string', query_string: 'string', query_time: 'integer' },
      required: ['query_string'],
    },
    ai_model: { attributes: { name: 'string', ai_provider: 'string', version: 'string' }, required: ['ai_provider', 'name'] },
    message_context: {
      attributes: {
        uid: 'string',
        name: 'string',
        ai_role_id: [0, 1, 2, 3, 4, 99],
        ai_role: 'string',
        application: named,
        service: named,
      },
      atLeastOne: ['application', 'service'],
    },
    metadata: {
      attributes: {
        version: ['1.8.0'],
        profiles: { list: ['ai_operation', 'security_control'] },
        product,
        uid: 'string',
        sequence: 'integer',
        correlation_uid: 'string',
        event_code: 'string',
        log_name: 'string',
        log_provider: 'string',
        tenant_uid: 'string',
        original_time: 'string',
        processed_time: 'integer',
      },
      required: ['version', 'product'],
    },
    observables: {
      list: { attributes: { name: 'string', type_id: 'integer', type: 'string', value: 'string' }, required: ['type_id'] },
    },
    raw_data_hash: {
      attributes: { algorithm_id: [0, 1, 2, 3, 4, 5, 6, 7, 99], algorithm: 'string', value: 'string' },
      required: ['algorithm_id', 'value'],
    },
  },
  required: [
    ...['activity_id', 'category_uid', 'class_uid', 'type_uid', 'severity_id', 'time', 'metadata', 'actor', 'src_endpoint'],
    ...['action_id', 'disposition_id'], // of the profile
  ],
  atLeastOne: ['database', 'databucket', 'table'],
};

/** All that OCSF 1.8.0 has against a record; nothing when it is valid. */
export function ocsfFaults(value: object): string[] {
  const { unmapped, ...mapped } = value as Record<string, unknown>;
  const faults = faultsOf(mapped, record, '');
  for (const [name, byId] of Object.entries(captions)) {
    const id = mapped[`${name}_id`] as number | undefined;
    if (id !== undefined && mapped[name] !== byId[id])
      faults.push(`${name}: ${String(mapped[name])} is not the caption of ${id}`);
  }
  const activity = mapped['activity_id'] as number;
  if (mapped['type_uid'] !== 600_500 + activity) faults.push('type_uid: is not class_uid * 100 + activity_id');
  if (activity !== 99 && mapped['activity_name'] !== activityCaptions[activity]) faults.push('activity_name: is not the caption');
  if (mapped['type_name'] !== `Datastore Activity: ${activityCaptions[activity] ?? ''}`)
    faults.push('type_name: is not the caption');
  if (unmapped !== undefined && (typeof unmapped !== 'object' || unmapped === null)) faults.push('unmapped: is no object');
  return faults;
}

function faultsOf(value: unknown, type: Type, at: string): string[] {
  if (Array.isArray(type))
    return (type as readonly unknown[]).includes(value) ? [] : [`${at}: ${String(value)} is none of its values`];
  if (type === 'integer') return Number.isSafeInteger(value) ? [] : [`${at}: is no integer`];
  if (typeof type === 'string') return typeof value === type ? [] : [`${at}: is no ${type}`];
  if ('list' in type) {
    if (!Array.isArray(value)) return [`${at}: is no list`];
    return value.flatMap((one, i) => faultsOf(one, type.list, `${at}[${i}]`));
  }
  return shapeFaults(value, type as Shape, at);
}

function shapeFaults(value: unknown, { attributes, required = [], atLeastOne }: Shape, at: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at}: is no object`];
  const faults = required.filter((name) => !Object.hasOwn(value, name)).map((name) => `${at}.${name}: is missing`);
  if (atLeastOne && !atLeastOne.some((name) => Object.hasOwn(value, name)))
    faults.push(`${at}: has none of ${atLeastOne.join(', ')}`);
  for (const [name, member] of Object.entries(value)) {
    const type = attributes[name];
    faults.push(...(type === undefined ? [`${at}.${name}: is not known`] : faultsOf(member, type, `${at}.${name}`)));
  }
  return faults;
}
