// From the OpenAPI document to the kinds of resources and the fields of their forms. Pure: knows no page and no server.
// A kind of the contract appears here, and so in the console, without a line of its own.

import { answerSchema, referredName, requestSchema, resolve } from './document.ts';
import type { Document, Json, Marks, Method, OperationObject, Schema } from './document.ts';
import { enumWord, lower, oneLine, sentence } from './words.ts';

export interface Operation {
  readonly id: string;
  readonly method: Method;
  readonly path: string;
  readonly tag: string;
  readonly permission: string | undefined;
  readonly summary: string;
  readonly input: string | undefined;
}

export interface Action extends Operation {
  readonly verb: string;
  readonly label: string;
}

export interface Kind {
  /** The one name of the kind in previews, audit and permissions: `vault-secrets`. */
  readonly name: string;
  readonly path: string;
  readonly schema: string;
  readonly title: string;
  readonly noun: string;
  readonly description: string;
  /** The property of a page that holds its objects. */
  readonly listKey: string;
  readonly sortable: readonly string[];
  readonly statuses: readonly Choice[];
  readonly list: Operation;
  readonly get: Operation;
  readonly create: Operation;
  readonly update: Operation | undefined;
  readonly remove: Operation | undefined;
  readonly batchGet: Operation | undefined;
  readonly usage: Operation | undefined;
  readonly activity: Operation | undefined;
  readonly actions: readonly Action[];
}

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly description: string;
}

interface FieldCommon {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly required: boolean;
  readonly immutable: boolean;
  readonly shownOnce: boolean;
  readonly order: number;
  /** The index in `x-oneof` of the group that the field belongs to. */
  readonly oneof: number | undefined;
}

export interface TextField extends FieldCommon {
  readonly type: 'text' | 'longText' | 'yaml' | 'secret';
  readonly minLength: number | undefined;
  readonly maxLength: number | undefined;
  readonly pattern: string | undefined;
  readonly default: string | undefined;
}
export interface NumberField extends FieldCommon {
  readonly type: 'number';
  readonly isInteger: boolean;
  /** 64-bit integers travel as strings. */
  readonly isText: boolean;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly default: string | undefined;
}
export interface SwitchField extends FieldCommon {
  readonly type: 'switch';
  readonly default: boolean;
}
export interface EnumField extends FieldCommon {
  readonly type: 'enum';
  readonly choices: readonly Choice[];
  readonly default: string | undefined;
}
export interface TimeField extends FieldCommon { readonly type: 'time' }
export interface ReferenceField extends FieldCommon {
  readonly type: 'reference';
  readonly kind: string;
}
export interface JsonField extends FieldCommon { readonly type: 'json' }
export interface GroupField extends FieldCommon {
  readonly type: 'group';
  readonly schema: string;
}
export interface ListField extends FieldCommon {
  readonly type: 'list';
  readonly item: Field;
  readonly minItems: number | undefined;
  readonly maxItems: number | undefined;
}
export interface MapField extends FieldCommon {
  readonly type: 'map';
  readonly isSecret: boolean;
  readonly maxEntries: number | undefined;
  readonly maxValueLength: number | undefined;
}
export type Field = TextField | NumberField | SwitchField | EnumField | TimeField | ReferenceField | JsonField |
  GroupField | ListField | MapField;

export interface Oneof {
  readonly index: number;
  readonly members: readonly string[];
}

export interface Form {
  readonly fields: readonly Field[];
  readonly oneofs: readonly Oneof[];
}

/** Kinds that have pages of their own. */
const OWN_PAGES = new Set(['api-tokens', 'roles', 'users']);
/** Every object has these; the server fills them in. */
export const ENVELOPE: ReadonlySet<string> =
  new Set(['id', 'createTime', 'updateTime', 'createdBy', 'etag', 'secretsSet']);
/** A text that may be longer than this gets several lines. */
const LONG_TEXT = 300;

function operationOf(document: Document, path: string, method: Method): Operation | undefined {
  const found: OperationObject | undefined = document.paths[path]?.[method];
  return found && {
    id: found.operationId, method, path, tag: found.tags?.[0] ?? '', permission: found['x-required-permission'],
    summary: oneLine(found.summary), input: requestSchema(found),
  };
}

/** The fields that a list may be ordered by: the words in backticks in the description of `orderBy`. */
function sortableOf(document: Document, path: string): string[] {
  const text = document.paths[path]?.get?.parameters?.find(({ name }) => name === 'orderBy')?.description ?? '';
  const end = text.indexOf('and `asc`');
  return [...text.slice(0, end < 0 ? undefined : end).matchAll(/`([A-Za-z.]+)`/g)].map((match) => match[1] ?? '');
}

function choicesOf(schema: Schema): Choice[] {
  return (schema.enum ?? []).map((value, index) => ({
    value, label: enumWord(value), description: oneLine(schema['x-enum-descriptions']?.[index]),
  }));
}

function actionsOf(document: Document, path: string): Action[] {
  const start = `${path}/{id}:`;
  return Object.keys(document.paths).filter((each) => each.startsWith(start)).flatMap((each) => {
    const operation = operationOf(document, each, 'post');
    const verb = each.slice(start.length);
    // What needs no permission is called by the object itself, such as a director's checkIn.
    return operation?.permission === undefined ? [] : [{ ...operation, verb, label: sentence(verb) }];
  });
}

function kindOf(document: Document, path: string): Kind | undefined {
  const list = operationOf(document, path, 'get');
  const create = operationOf(document, path, 'post');
  const get = operationOf(document, `${path}/{id}`, 'get');
  const page = document.components.schemas[answerSchema(document.paths[path]?.get ?? { operationId: '' }) ?? ''];
  const found = Object.entries(page?.properties ?? {}).find(([, property]) => property.items?.$ref !== undefined);
  const schema = referredName(found?.[1].items);
  if (!list || !create || !get || !found || schema === undefined || OWN_PAGES.has(list.tag)) return undefined;
  const answer = document.components.schemas[schema] ?? {};
  const status = answer.properties?.['status'];
  return {
    name: list.tag, path, schema, title: sentence(list.tag), noun: lower(schema),
    description: oneLine((answer.description ?? '').replace(/\n\nAt most one of [^\n]*$/, '')),
    listKey: found[0], sortable: sortableOf(document, path), list, create, get,
    statuses: status ? choicesOf(resolve(document, status)) : [],
    update: operationOf(document, `${path}/{id}`, 'patch'),
    remove: operationOf(document, `${path}/{id}`, 'delete'),
    batchGet: operationOf(document, `${path}:batchGet`, 'get'),
    usage: operationOf(document, `${path}/{id}:usage`, 'get'),
    activity: operationOf(document, `${path}/{id}/activity-logs`, 'get'),
    actions: actionsOf(document, path),
  };
}

/** The kinds of resources, in the document's order. */
export function kindsOf(document: Document): Kind[] {
  return Object.keys(document.paths).filter((path) => !/[{:]/.test(path))
    .flatMap((path) => kindOf(document, path) ?? []);
}

function textField(common: FieldCommon, schema: Schema, marks: Marks): Field {
  const length = { minLength: schema.minLength, maxLength: schema.maxLength, pattern: schema.pattern };
  const text = typeof marks.default === 'string' ? marks.default : undefined;
  if (marks['x-secret']) return { ...common, type: 'secret', ...length, default: text };
  if (schema['x-reference'] !== undefined) return { ...common, type: 'reference', kind: schema['x-reference'] };
  if (schema.format === 'date-time') return { ...common, type: 'time' };
  if (schema.format === 'int64')
    return { ...common, type: 'number', isInteger: true, isText: true, minimum: schema.minimum, maximum: schema.maximum,
      default: text };
  if (schema['x-yaml']) return { ...common, type: 'yaml', ...length, default: text };
  const isLong = (schema.maxLength ?? 0) > LONG_TEXT && schema.pattern === undefined;
  return { ...common, type: isLong ? 'longText' : 'text', ...length, default: text };
}

function objectField(common: FieldCommon, schema: Schema, marks: Marks, name: string | undefined): Field {
  const values = schema.additionalProperties;
  if (typeof values === 'object')
    return { ...common, type: 'map', isSecret: marks['x-secret'] === true, maxEntries: schema.maxProperties,
      maxValueLength: values.maxLength };
  return name !== undefined && schema.properties !== undefined ? { ...common, type: 'group', schema: name }
    : { ...common, type: 'json' };
}

function listField(document: Document, common: FieldCommon, schema: Schema, marks: Marks): Field {
  const item: FieldCommon = { name: '', label: common.label.replace(/s$/, ''), hint: '', required: true,
    immutable: false, shownOnce: false, order: 0, oneof: undefined };
  const itemMarks: Marks = marks['x-secret'] ? { 'x-secret': true } : {};
  return { ...common, type: 'list', minItems: schema.minItems, maxItems: schema.maxItems,
    item: fieldOf(document, item, schema.items ?? { type: 'string' }, itemMarks) };
}

function fieldOf(document: Document, common: FieldCommon, property: Schema, marks: Marks): Field {
  const schema = resolve(document, property);
  if (schema.enum)
    return { ...common, type: 'enum', choices: choicesOf(schema),
      default: typeof marks.default === 'string' ? marks.default : undefined };
  switch (schema.type) {
    case 'boolean':
      return { ...common, type: 'switch', default: marks.default === true };
    case 'integer':
    case 'number':
      return { ...common, type: 'number', isInteger: schema.type === 'integer', isText: false, minimum: schema.minimum,
        maximum: schema.maximum, default: jsonText(marks.default) };
    case 'array':
      return listField(document, common, schema, marks);
    case 'object':
      return objectField(common, schema, marks, referredName(property));
    default:
      return textField(common, schema, marks);
  }
}

function jsonText(value: Json | undefined): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}

/** "Director" of `directorId`, "Directors" of `directorIds`. */
function labelOf(name: string, schema: Schema): string {
  const isReference = schema['x-reference'] !== undefined || schema.items?.['x-reference'] !== undefined;
  return sentence(isReference ? name.replace(/Id(s?)$/, '$1') : name);
}

/** The fields of a component, in the contract's order, and its groups of which at most one is set. */
export function formOf(document: Document, name: string): Form {
  const schema = document.components.schemas[name] ?? {};
  const oneofs = (schema['x-oneof'] ?? []).map((members, index) => ({ index, members }))
    .filter(({ members }) => members.length > 1);
  const fields = Object.entries(schema.properties ?? {}).map(([property, described]) => {
    const marks: Marks = { ...described, ...schema['x-fields']?.[property] };
    return fieldOf(document, {
      name: property, label: labelOf(property, described), hint: oneLine(marks.description),
      required: schema.required?.includes(property) ?? false, immutable: marks['x-immutable'] === true,
      shownOnce: marks['x-shown-once'] === true, order: marks['x-order'] ?? 0,
      oneof: oneofs.find(({ members }) => members.includes(property))?.index,
    }, described, marks);
  });
  return { fields: fields.sort((one, other) => one.order - other.order), oneofs };
}
