// Which columns the list of a kind has, and what it asks the server for.

import { quote } from '../ui/liststate.ts';
import type { ListState } from '../ui/liststate.ts';
import { formOf } from './model.ts';
import type { EnumField, Kind } from './model.ts';
import type { Document } from './document.ts';

/** The server's filter for what was searched for. */
export function filterOf(search: ListState): string | undefined {
  const parts = [search.search === undefined ? '' : `name:${quote(search.search)}`,
    search.status === undefined ? '' : `status = ${quote(search.status)}`].filter((part) => part !== '');
  return parts.length > 0 ? parts.join(' AND ') : undefined;
}

/** Columns after name, description and status: what tells objects of the kind apart. */
export function enumColumns(document: Document, kind: Kind): EnumField[] {
  return formOf(document, kind.schema).fields
    .filter((field): field is EnumField => field.type === 'enum' && field.name !== 'status' && field.oneof === undefined)
    .slice(0, 2);
}
