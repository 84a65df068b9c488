// The state of the list as it stands in the address.
import type { TokenSearch, TokenStatus } from './tokens';

export const FURTHER_COLUMNS = ['role', 'lastUsed', 'created', 'createdBy'] as const;
export type FurtherColumn = (typeof FURTHER_COLUMNS)[number];

export interface ListSearch extends TokenSearch {
  // The further columns that are shown, joined by commas; left out for the usual ones.
  columns?: string;
  // The token whose drawer is open.
  token?: string;
}

const statuses = ['ACTIVE', 'EXPIRED', 'DISABLED'];
const orders = ['name', 'createTime', 'expireTime'].flatMap((field) => [field, `${field} desc`]);
const sizes = [25, 50, 100, 500, 1000];

export const PAGE_SIZES = sizes;

// Unknown and unreadable parts are left out.
export function readListSearch(raw: Record<string, unknown>): ListSearch {
  const text = (name: string) => (raw[name] === undefined || raw[name] === '' ? undefined : String(raw[name]));
  const [status, order, size, page] = [text('status'), text('order'), Number(raw['size']), Number(raw['page'])];
  const search: ListSearch = {};
  if (text('search')) search.search = text('search')!.slice(0, 200);
  if (status && statuses.includes(status)) search.status = status as TokenStatus;
  if (raw['expiring'] === true || raw['expiring'] === 'true') search.expiring = true;
  if (order && orders.includes(order)) search.order = order;
  if (sizes.includes(size)) search.size = size;
  if (page > 1 && text('after')) {
    search.page = Math.trunc(page);
    search.after = text('after')!;
  }
  if (raw['columns'] !== undefined) search.columns = String(raw['columns']);
  if (text('token')) search.token = text('token')!;
  return search;
}

export const columnsOf = ({ columns }: ListSearch): Set<FurtherColumn> =>
  new Set(columns === undefined ? ['lastUsed'] : FURTHER_COLUMNS.filter((name) => columns.split(',').includes(name)));
