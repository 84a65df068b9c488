// The rules of single fields that a form checks by itself when a field is left: presence, length, pattern, range. The
// server's `validateOnly` judges everything else, and these as well. Messages are the server's own predicates.

import type { Document } from './document.ts';
import { CLEARED, entriesOf, isGroup, listOf, liveFields } from './draft.ts';
import type { Draft, Group } from './draft.ts';
import { formOf } from './model.ts';
import type { Field, Form, ListField, MapField, NumberField, TextField } from './model.ts';

export type Problems = ReadonlyMap<string, string>;

/** "syslog.port", "forwarding[0].address": the paths of the server's violations. */
export function pathOf(start: string, name: string): string {
  return start === '' ? name : `${start}.${name}`;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

function lengthProblem(length: number, least: number | undefined, most: number | undefined): string | undefined {
  const low = least ?? 0;
  if (length >= low && (most === undefined || length <= most)) return undefined;
  if (most === undefined) return `must have at least ${grouped(low)} characters`;
  return low === 0 ? `must have at most ${grouped(most)} characters`
    : `must have ${grouped(low)} to ${grouped(most)} characters`;
}

function isMatch(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    return true; // a dialect that browsers do not know: the server judges
  }
}

function textProblem(field: TextField, text: string): string | undefined {
  const length = lengthProblem([...text].length, field.minLength, field.maxLength);
  if (length !== undefined || field.pattern === undefined || isMatch(field.pattern, text)) return length;
  const set = /^\^\(\?:\[([^\]]+)\]\{(\d+),(\d+)\}\)\$$/.exec(field.pattern);
  return set ? `must have ${set[2]} to ${set[3]} characters of ${set[1]}`
    : 'has characters that are not allowed here';
}

function numberProblem(field: NumberField, text: string): string | undefined {
  const value = Number(text.trim());
  if (!Number.isFinite(value) || (field.isInteger && !/^-?\d+$/.test(text.trim())))
    return field.isInteger ? 'must be an integer' : 'must be a number';
  const isLow = field.minimum !== undefined && value < field.minimum;
  const isHigh = field.maximum !== undefined && value > field.maximum;
  if (!isLow && !isHigh) return undefined;
  return `must be from ${field.minimum ?? 0} to ${field.maximum ?? 0}`;
}

function mapProblem(field: MapField, draft: Draft): string | undefined {
  const entries = entriesOf(draft).filter(([key, value]) => key !== '' || value !== '');
  const keys = entries.map(([key]) => key);
  if (keys.includes('')) return 'must have a key for each value';
  const repeated = keys.find((key, index) => keys.indexOf(key) !== index);
  if (repeated !== undefined) return `has the key "${repeated}" more than once`;
  const most = field.maxValueLength;
  const long = entries.find(([, value]) => most !== undefined && [...value].length > most);
  if (long) return `must have at most ${grouped(most ?? 0)} characters in the value of "${long[0]}"`;
  return field.maxEntries !== undefined && entries.length > field.maxEntries
    ? `must have at most ${grouped(field.maxEntries)} entries` : undefined;
}

function listProblem(field: ListField, draft: Draft): string | undefined {
  const count = listOf(draft).length;
  if (field.required && count === 0) return 'is required';
  if (field.minItems !== undefined && count > 0 && count < field.minItems)
    return `must have at least ${grouped(field.minItems)} entries`;
  return field.maxItems !== undefined && count > field.maxItems
    ? `must have at most ${grouped(field.maxItems)} entries` : undefined;
}

function jsonProblem(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined
      : 'must be a JSON object, such as {"name": "value"}';
  } catch (error) {
    return `is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** What is wrong with one field by itself; `isKept`: a secret that is set already. */
export function fieldProblem(field: Field, draft: Draft, isKept = false): string | undefined {
  switch (field.type) {
    case 'map':
      return mapProblem(field, draft);
    case 'list':
      return listProblem(field, draft);
    case 'group':
    case 'switch':
      return undefined;
    default:
  }
  if (typeof draft !== 'string' || draft === '') {
    const isMissing = field.required && !(isKept && draft !== CLEARED);
    return isMissing && !(field.type === 'enum' && field.default !== undefined) ? 'is required' : undefined;
  }
  if (field.type === 'number') return numberProblem(field, draft);
  if (field.type === 'json') return jsonProblem(draft);
  return field.type === 'text' || field.type === 'longText' || field.type === 'secret' || field.type === 'yaml'
    ? textProblem(field, draft) : undefined;
}

function isEmpty(draft: Draft): boolean {
  if (draft === undefined || draft === '' || draft === CLEARED) return true;
  if (Array.isArray(draft)) return draft.length === 0;
  return isGroup(draft) && Object.values(draft).every(isEmpty);
}

/** Walks the fields that count, with their paths; groups that nobody began are left out. */
export function walk(document: Document, form: Form, draft: Group, start: string,
  visit: (field: Field, path: string, draft: Draft) => void): void {
  for (const field of liveFields(form, draft)) visitField(document, field, draft[field.name], pathOf(start, field.name), visit);
}

function visitField(document: Document, field: Field, draft: Draft, path: string,
  visit: (field: Field, path: string, draft: Draft) => void): void {
  visit(field, path, draft);
  if (field.type === 'group' && (field.required || field.oneof !== undefined || field.name === '' || !isEmpty(draft)))
    walk(document, formOf(document, field.schema), isGroup(draft) ? draft : {}, path, visit);
  if (field.type === 'list')
    listOf(draft).forEach((item, index) => visitField(document, field.item, item, `${path}[${index}]`, visit));
}

/** Everything that the rules find in the form, by path. */
export function formProblems(document: Document, form: Form, draft: Group, secretsSet: ReadonlySet<string>): Problems {
  const problems = new Map<string, string>();
  walk(document, form, draft, '', (field, path, value) => {
    const problem = fieldProblem(field, value, secretsSet.has(path));
    if (problem !== undefined) problems.set(path, problem);
  });
  return problems;
}

export interface Violation {
  readonly path: string;
  readonly text: string;
}

export interface Placed {
  readonly atFields: Problems;
  /** Violations of what the form does not show. */
  readonly others: readonly Violation[];
}

/** The server's violations at the fields that the form shows; the inner field wins over the outer one. */
export function place(document: Document, form: Form, draft: Group, violations: readonly Violation[]): Placed {
  const shown = new Map<string, Field>();
  walk(document, form, draft, '', (field, path) => shown.set(path, field));
  const atFields = new Map<string, string>();
  const others: Violation[] = [];
  for (const violation of violations) {
    let path = violation.path;
    // A map or a list shows what is wrong within it.
    while (path !== '' && !shown.has(path)) path = path.replace(/(^|\.)[^.[\]]*$|\[[^[\]]*\]$/, '');
    const isInner = path !== violation.path;
    const holds = shown.get(path);
    if (!holds || (isInner && holds.type === 'group')) others.push(violation);
    else {
      const text = isInner ? `${violation.path.slice(path.length).replace(/^\./, '')} ${violation.text}` : violation.text;
      atFields.set(path, atFields.has(path) ? `${atFields.get(path)}; ${text}` : text);
    }
  }
  return { atFields, others };
}
