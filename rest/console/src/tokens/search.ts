// The state of the list of tokens as it stands in the address.
import { type ListState, readListState } from '../ui/liststate.ts';
import { STATUSES, type TokenSearch } from './tokens';

export const FURTHER_COLUMNS = ['role', 'lastUsed', 'created', 'createdBy'] as const;
export type FurtherColumn = (typeof FURTHER_COLUMNS)[number];

export interface ListSearch extends TokenSearch {
  // The further columns that are shown, joined by commas; left out for the usual ones.
  columns?: string;
  // The token whose drawer is open.
  token?: string;
}

const orders = ['name', 'createTime', 'expireTime'].flatMap((field) => [field, `${field} desc`]);

// Unknown and unreadable parts are left out.
export function readListSearch(raw: Record<string, unknown>): ListSearch {
  const { status, order, ...rest }: ListState = readListState(raw);
  const search: ListSearch = rest;
  if (status && (STATUSES as string[]).includes(status)) search.status = status;
  if (order && orders.includes(order)) search.order = order;
  if (raw['expiring'] === true || raw['expiring'] === 'true') search.expiring = true;
  if (raw['columns'] !== undefined) search.columns = String(raw['columns']);
  if (raw['token'] !== undefined && raw['token'] !== '') search.token = String(raw['token']);
  return search;
}

export const columnsOf = ({ columns }: ListSearch): Set<FurtherColumn> =>
  new Set(columns === undefined ? ['lastUsed'] : FURTHER_COLUMNS.filter((name) => columns.split(',').includes(name)));
