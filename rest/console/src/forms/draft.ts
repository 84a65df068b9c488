// What a form holds while somebody types, and the bodies made from it. A draft is sparse: what was never touched is
// absent, and so is absent from the body, where the server's default holds. Of a group of which at most one member is
// set, the draft keeps every member that was typed and, under CHOICE and the group's index, the one that counts.

import type { Document, Json, JsonObject } from './document.ts';
import { ENVELOPE, formOf } from './model.ts';
import type { Field, Form, GroupField, ListField, Oneof } from './model.ts';

export type Entry = readonly [key: string, value: string];
export interface Group { readonly [name: string]: Draft }
export type Draft = undefined | null | boolean | string | readonly Draft[] | Group;

const CHOICE = '?';
/** A secret that is to be removed; an untouched one is `undefined`. */
export const CLEARED = null;

export function choiceKey(oneof: Oneof): string {
  return CHOICE + oneof.index;
}

export function isGroup(draft: Draft): draft is Group {
  return typeof draft === 'object' && draft !== null && !Array.isArray(draft);
}

/** The entries of a map's draft, in the order in which they were typed. */
export function entriesOf(draft: Draft): Entry[] {
  return Array.isArray(draft)
    ? draft.map((pair: Draft): Entry => Array.isArray(pair) ? [String(pair[0] ?? ''), String(pair[1] ?? '')] : ['', ''])
    : [];
}

export function listOf(draft: Draft): readonly Draft[] {
  return Array.isArray(draft) ? draft as readonly Draft[] : [];
}

/** The members of the group that count: those outside of a choice, and the chosen ones. */
export function liveFields(form: Form, draft: Group): Field[] {
  return form.fields.filter((field) => {
    const oneof = form.oneofs.find(({ index }) => index === field.oneof);
    return oneof === undefined || draft[choiceKey(oneof)] === field.name;
  });
}

function numberBody(text: string, asText: boolean): Json | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const value = Number(trimmed);
  return asText || !Number.isFinite(value) ? trimmed : value;
}

function jsonBody(text: string): Json | undefined {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text; // refused by the rules of the form, and by the server
  }
}

function valueBody(document: Document, field: Field, draft: Draft, isChosen: boolean): Json | undefined {
  if (draft === CLEARED) return field.type === 'secret' ? '' : undefined;
  switch (field.type) {
    case 'group': {
      const body = groupBody(document, formOf(document, field.schema), isGroup(draft) ? draft : {});
      return isChosen || field.required || Object.keys(body).length > 0 ? body : undefined;
    }
    case 'list': {
      const items = listOf(draft).map((item) => valueBody(document, field.item, item, true) ?? '');
      return items.length > 0 ? items : undefined;
    }
    case 'map': {
      const entries = entriesOf(draft).filter(([key, value]) => key !== '' || value !== '');
      return entries.length > 0 ? Object.fromEntries(entries) : undefined;
    }
    case 'switch':
      return typeof draft === 'boolean' ? draft : isChosen ? true : undefined;
    case 'number':
      return typeof draft === 'string' ? numberBody(draft, field.isText) : undefined;
    case 'json':
      return typeof draft === 'string' ? jsonBody(draft) : undefined;
    default:
      return typeof draft === 'string' && draft !== '' ? draft : undefined;
  }
}

function groupBody(document: Document, form: Form, draft: Group): JsonObject {
  const body: JsonObject = {};
  for (const field of liveFields(form, draft)) {
    const value = valueBody(document, field, draft[field.name], field.oneof !== undefined);
    if (value !== undefined) body[field.name] = value;
  }
  return body;
}

/** The body of the request that creates what the form holds. */
export function bodyOf(document: Document, form: Form, draft: Group): JsonObject {
  return groupBody(document, form, draft);
}

function draftValue(document: Document, field: Field, value: Json): Draft {
  switch (field.type) {
    case 'group':
      return draftGroup(document, field, value);
    case 'list':
      return draftList(document, field, value);
    case 'map':
      return typeof value === 'object' && value !== null
        ? Object.entries(value).map(([key, text]) => [key, String(text)]) : undefined;
    case 'switch':
      return value === true;
    case 'json':
      return JSON.stringify(value, null, 2);
    default:
      return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  }
}

function draftList(document: Document, field: ListField, value: Json): Draft {
  return Array.isArray(value) ? value.map((item) => draftValue(document, field.item, item)) : undefined;
}

function draftGroup(document: Document, field: GroupField, value: Json): Draft {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? draftOf(document, formOf(document, field.schema), value) : undefined;
}

/** The draft of an object that exists. */
export function draftOf(document: Document, form: Form, object: JsonObject): Group {
  const draft: { [name: string]: Draft } = {};
  for (const field of form.fields) {
    const value = object[field.name];
    if (value !== undefined && value !== null) draft[field.name] = draftValue(document, field, value);
  }
  for (const oneof of form.oneofs) {
    const member = oneof.members.find((name) => isMemberSet(object, name));
    if (member !== undefined) draft[choiceKey(oneof)] = member;
  }
  return draft;
}

/** A secret member of a choice is not in the object, but the time when it was set is. */
function isMemberSet(object: JsonObject, name: string): boolean {
  const set = object['secretsSet'];
  return object[name] !== undefined || (typeof set === 'object' && set !== null && name in set);
}

/** A draft without what may not be copied or is the server's own. */
export function withoutEnvelope(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !ENVELOPE.has(name)));
}

export interface Patch {
  readonly body: JsonObject;
  readonly mask: readonly string[];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Equal as JSON, whatever the order of members. */
export function isSame(one: Json | undefined, other: Json | undefined): boolean {
  if (isObject(one) && isObject(other)) {
    const names = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...names].every((name) => isSame(one[name], other[name]));
  }
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, index) => isSame(item, other[index]));
  return one === other;
}

function changedPaths(document: Document, form: Form, before: JsonObject, after: JsonObject, start: string): string[] {
  return form.fields.flatMap((field) => {
    const [old, now] = [before[field.name], after[field.name]];
    if (isSame(old, now)) return [];
    // Setting one member of a choice clears the others.
    if (now === undefined && form.oneofs.some(({ index, members }) =>
      index === field.oneof && members.some((name) => after[name] !== undefined))) return [];
    if (field.type === 'group' && isObject(old) && isObject(now))
      return changedPaths(document, formOf(document, field.schema), old, now, `${start}${field.name}.`);
    return [start + field.name];
  });
}

function copyPath(from: JsonObject, to: JsonObject, path: readonly string[]): void {
  const [name, ...rest] = path;
  if (name === undefined || from[name] === undefined) return;
  const inner = from[name];
  if (rest.length === 0 || !isObject(inner)) {
    to[name] = inner;
    return;
  }
  const target = isObject(to[name]) ? to[name] : {};
  to[name] = target;
  copyPath(inner, target, rest);
}

/** What the form changed of the body that it began with: the paths, and a body with nothing else. */
export function patchOf(document: Document, form: Form, before: JsonObject, after: JsonObject): Patch {
  const mask = changedPaths(document, form, before, after, '');
  const body: JsonObject = {};
  for (const path of mask) copyPath(after, body, path.split('.'));
  return { body, mask };
}

/** The draft with another value at the path: names of fields, and indexes of list items as text. */
export function withValue(draft: Draft, path: readonly string[], value: Draft): Draft {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (Array.isArray(draft))
    return draft.map((item: Draft, index) => String(index) === name ? withValue(item, rest, value) : item);
  const group = isGroup(draft) ? draft : {};
  return { ...group, [name]: withValue(group[name], rest, value) };
}
