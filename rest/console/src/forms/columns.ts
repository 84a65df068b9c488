// Which columns the list of a kind has, and how its address keeps what was searched for.

import { formOf } from './model.ts';
import type { EnumField, Kind } from './model.ts';
import type { Document } from './document.ts';

/** What the address of a list says; what is absent is the default. */
export interface ListSearch {
  readonly q?: string;
  readonly status?: string;
  readonly sort?: string;
  readonly size?: number;
  readonly page?: string;
}

export const SIZES = [25, 50, 100, 1000] as const;
export const DEFAULT_SIZE = 50;

function textIn(search: Record<string, unknown>, name: string): string | undefined {
  const value = search[name];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Reads what stands in the address; what nobody knows is left out. */
export function readSearch(search: Record<string, unknown>): ListSearch {
  const size = Number(search['size']);
  const found = { q: textIn(search, 'q'), status: textIn(search, 'status'), sort: textIn(search, 'sort'),
    page: textIn(search, 'page'), size: SIZES.some((each) => each === size) && size !== DEFAULT_SIZE ? size : undefined };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as ListSearch;
}

/** The string of a filter, which may hold quotes. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** The server's filter for what was searched for. */
export function filterOf(search: ListSearch): string | undefined {
  const parts = [search.q === undefined ? '' : `name:${quoted(search.q)}`,
    search.status === undefined ? '' : `status = ${quoted(search.status)}`].filter((part) => part !== '');
  return parts.length > 0 ? parts.join(' AND ') : undefined;
}

/** Columns after name, description and status: what tells objects of the kind apart. */
export function enumColumns(document: Document, kind: Kind): EnumField[] {
  return formOf(document, kind.schema).fields
    .filter((field): field is EnumField => field.type === 'enum' && field.name !== 'status' && field.oneof === undefined)
    .slice(0, 2);
}
