import type { Parameters } from './connection.js';

/** Conditions of a WHERE, each with the parameter that it reads; those without a value fall away. */
export class Conditions {
  private readonly conditions: string[] = [];
  private readonly values: Record<string, unknown> = {};

  /** @param condition reads its value as `{name:Type}` */
  add(condition: string, name: string, value: string | number | undefined): this {
    if (value === undefined) return this;
    this.conditions.push(condition);
    this.values[name] = value;
    return this;
  }

  get where(): string {
    return this.conditions.length === 0 ? '' : `WHERE ${this.conditions.map((condition) => `(${condition})`).join(' AND ')}`;
  }

  get parameters(): Parameters {
    return this.values;
  }
}

/** Statements whose text holds `{text:String}`, whatever its case: the text of a Query string is that of all its statements. */
export const textMatches = `(session, textN) IN (
  SELECT session, n FROM texts WHERE (producer, pseq) IN (
    SELECT producer, pseq FROM parts WHERE name = 'sql' AND positionCaseInsensitiveUTF8(text, {text:String}) > 0))`;

/** Whose work it is, and in which run. */
export interface ContextFilter {
  /** The agent's run, its conversation, the tool call; the id of the trace. Exactly. */
  readonly run?: string | undefined;
  readonly conversation?: string | undefined;
  readonly toolCall?: string | undefined;
  readonly trace?: string | undefined;
  /** The subject of anyone who acts in the principal's name. */
  readonly actor?: string | undefined;
}

/** The id of the trace in a traceparent. */
export const traceOf = 'substring(traceparent, 4, 32)';
