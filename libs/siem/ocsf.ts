import type { actions, activities, dispositions, severities, statuses } from './meaning.js';

type Id<T extends Record<string, number>> = T[keyof T];

/**
 * OCSF 1.8.0, Datastore Activity (class_uid 6005), with the profiles security_control and, for agents, ai_operation. What is not known
 * is left out, never null; a field has one type wherever it is. Times are Unix milliseconds.
 * https://schema.ocsf.io/1.8.0/classes/datastore_activity
 */
export interface DatastoreActivity {
  readonly activity_id: Id<typeof activities>;
  readonly activity_name: string;
  readonly category_uid: 6;
  readonly category_name: 'Application Activity';
  readonly class_uid: 6005;
  readonly class_name: 'Datastore Activity';
  /** class_uid * 100 + activity_id. */
  readonly type_uid: number;
  readonly type_name: string;
  readonly time: number;
  readonly timezone_offset: 0;
  readonly severity_id: Id<typeof severities>;
  readonly severity: string;
  readonly status_id: Id<typeof statuses>;
  readonly status: string;
  /** The SQLSTATE. */
  readonly status_code?: string;
  readonly status_detail: string;
  readonly message: string;
  /** Milliseconds. */
  readonly duration?: number;
  readonly action_id: Id<typeof actions>;
  readonly action: string;
  readonly disposition_id: Id<typeof dispositions>;
  readonly disposition: string;
  readonly is_alert: boolean;
  readonly policy?: { readonly name: string; readonly uid: string; readonly is_applied: true };
  readonly firewall_rule?: { readonly name: string; readonly uid: string };
  readonly actor: {
    readonly app_name?: string;
    readonly app_uid?: string;
    readonly user?: {
      readonly name: string;
      readonly uid: string;
      readonly domain: string;
      readonly type_id: 1 | 3;
      readonly type: string;
      readonly groups: readonly { readonly name: string }[];
    };
    readonly session: {
      readonly uid: string;
      readonly created_time?: number;
      readonly issuer?: string;
      readonly is_remote: true;
      readonly credential_uid?: string;
    };
  };
  readonly src_endpoint: { readonly ip?: string; readonly hostname?: string; readonly port?: number; readonly name: string };
  readonly dst_endpoint: { readonly name: string; readonly svc_name: 'postgresql' };
  readonly database: { readonly name: string; readonly uid: string; readonly type_id: 1; readonly type: 'Relational' };
  readonly table?: { readonly name: string; readonly uid: string };
  readonly type_id: 1 | 3;
  readonly type: string;
  /** Literals are `?` in the text. Absent where the log has no text. */
  readonly query_info?: { readonly uid: string; readonly query_string: string; readonly query_time: number };
  readonly message_context?: {
    readonly uid: string;
    readonly ai_role_id: 4;
    readonly ai_role: 'Agent';
    readonly application: { readonly name: string };
    readonly service: { readonly name: 'sallyport' };
  };
  readonly metadata: {
    readonly version: '1.8.0';
    readonly profiles: readonly string[];
    readonly product: { readonly name: 'sallyport'; readonly vendor_name: 'Sallyport'; readonly version: string };
    /** `<producer>/<pseq>/<n>`: the event that ended the statement, and the statement's number. A record that comes again has the same. */
    readonly uid: string;
    readonly sequence: number;
    readonly correlation_uid: string;
    readonly event_code: string;
    readonly log_name: string;
    readonly log_provider: 'sallyport';
    readonly original_time: string;
  };
  /** Of the canonical bytes of the event that ended the statement. */
  readonly raw_data_hash: { readonly algorithm_id: 3; readonly algorithm: 'SHA-256'; readonly value: string };
  readonly unmapped: { readonly sallyport: Unmapped };
}

/** What OCSF has no place for. */
export interface Unmapped {
  /** `<session>/<n>`. */
  readonly statement: string;
  readonly session_seq: number;
  readonly event_hash: string;
  readonly verdict?: string;
  readonly form?: string;
  readonly analyzer?: string;
  readonly approval?: string;
  readonly durability?: string;
  readonly login?: string;
  readonly role?: string;
  readonly verb?: string;
  readonly outcome?: string;
  /** Handed to the client. */
  readonly rows: number;
  /** What the command tag counts. */
  readonly rows_affected?: number;
  readonly bytes: number;
  readonly duration_us?: number;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly risks: readonly string[];
  /** Columns that were masked. */
  readonly masked: readonly string[];
  /** Why there is no text: one of the reasons of `Absent`. */
  readonly no_text?: string;
  /** What was too long and is cut here, by name; it is whole in the log. */
  readonly cut: readonly string[];
}
