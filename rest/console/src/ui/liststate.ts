// The state of a list as it stands in the address: search, filter, order and page.

export interface ListState {
  search?: string;
  status?: string;
  // "name" or "name desc".
  order?: string;
  // Rows of a page; left out for DEFAULT_SIZE.
  size?: number;
  // The page's number from 2 on, and the server's token for it.
  page?: number;
  after?: string;
}

// Undefined parts leave the address. `replace` keeps the step out of the browser's history.
export type Change<State> = (change: { [Name in keyof State]?: State[Name] | undefined }, replace?: boolean) => void;

export const PAGE_SIZES = [25, 50, 100, 500, 1000];
export const DEFAULT_SIZE = 50;
export const FIRST_PAGE = { page: undefined, after: undefined };

const SEARCH_MOST = 200;

// Unknown and unreadable parts are left out. `q` and `sort` are what older addresses of resources call search and order.
export function readListState(raw: Record<string, unknown>): ListState {
  const text = (name: string) => (raw[name] === undefined || raw[name] === '' ? undefined : String(raw[name]));
  const [search, order, size, page] = [text('search') ?? text('q'), text('order') ?? text('sort'), Number(raw['size']), Number(raw['page'])];
  const state: ListState = {};
  if (search) state.search = search.slice(0, SEARCH_MOST);
  if (text('status')) state.status = text('status')!;
  if (order) state.order = order;
  if (PAGE_SIZES.includes(size) && size !== DEFAULT_SIZE) state.size = size;
  if (page > 1 && text('after')) {
    state.page = Math.trunc(page);
    state.after = text('after')!;
  }
  return state;
}

export const cleaned = <State>(state: { [Name in keyof State]?: State[Name] | undefined }): State =>
  Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined)) as State;

// The first click sorts upwards, the second downwards, the third not at all.
export function nextOrder(order: string | undefined, field: string): string | undefined {
  if (order === field) return `${field} desc`;
  return order === `${field} desc` ? undefined : field;
}

// A string of a filter, which may hold quotes.
export const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

export interface Rows<T> {
  rows: T[];
  // The token of the next page; empty after the last one.
  next: string;
  total: number | undefined;
}

// A page of the server may be short, or empty, and still have a next one: so many are asked for to fill ours.
const CALLS_MOST = 50;

export async function fillPage<T>(state: ListState, ask: (count: number, token: string) => Promise<Rows<T>>): Promise<Rows<T>> {
  const size = state.size ?? DEFAULT_SIZE;
  const found: Rows<T> = { rows: [], next: state.after ?? '', total: undefined };
  for (let calls = 0; calls < CALLS_MOST; calls++) {
    const { rows, next, total } = await ask(size - found.rows.length, found.next);
    found.rows.push(...rows);
    found.next = next;
    found.total ??= total;
    if (next === '' || found.rows.length >= size) break;
  }
  return found;
}
