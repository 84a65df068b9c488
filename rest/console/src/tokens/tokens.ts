// API tokens: their calls, and what is computed from them.
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { api, dataOf, serverNow } from '../api/client';
import type { ApiToken, Role, Schemas } from '../api/types';
import { fillPage, type ListState, quote, type Rows } from '../ui/liststate.ts';
import { DAY } from '../ui/time';

export type { ApiToken, Role, Schemas };

export type TokenStatus = 'ACTIVE' | 'EXPIRED' | 'DISABLED';

export const TOKENS = '/organization/settings/api-tokens';
export const tokenPath = (id: string) => `${TOKENS}/${id}`;
export const SOON = 7 * DAY;

export const STATUSES: TokenStatus[] = ['ACTIVE', 'EXPIRED', 'DISABLED'];

export interface TokenSearch extends ListState {
  expiring?: boolean;
}

export function filterOf({ search, status, expiring }: TokenSearch): string {
  const parts: string[] = [];
  if (search) parts.push(`(name:${quote(search)} OR description:${quote(search)})`);
  if (status) parts.push(`status = ${quote(status)}`);
  if (expiring) {
    // Whole minutes, so that the filter is the same for the pages that are asked for within one.
    const now = Math.floor(serverNow() / 60000) * 60000;
    const [from, to] = [now, now + SOON].map((time) => quote(new Date(time).toISOString()));
    parts.push(`status = "ACTIVE" AND expireTime > ${from} AND expireTime < ${to}`);
  }
  return parts.join(' AND ');
}

const listTokens = (search: TokenSearch): Promise<Rows<ApiToken>> => {
  const filter = filterOf(search);
  return fillPage(search, async (count, token) => {
    const page = await dataOf(api.GET('/api/v1/api-tokens', {
      params: {
        query: {
          pageSize: count,
          ...(filter && { filter }),
          ...(token && { pageToken: token }),
          orderBy: search.order ?? 'createTime desc',
        },
      },
    }));
    return { rows: (page?.apiTokens ?? []) as ApiToken[], next: page?.nextPageToken ?? '', total: page?.totalSize };
  });
};

export const tokensQuery = (search: TokenSearch) => queryOptions({
  queryKey: ['api-tokens', 'list', search],
  queryFn: () => listTokens(search),
  placeholderData: keepPreviousData,
});

export const COUNT_MOST = 1000;

// How many tokens a filter finds, up to COUNT_MOST + 1.
async function countTokens(search: TokenSearch): Promise<number> {
  const filter = filterOf(search);
  let count = 0;
  let next = '';
  do {
    const page = await dataOf(api.GET('/api/v1/api-tokens', {
      params: { query: { pageSize: COUNT_MOST, readMask: 'id', ...(filter && { filter }), ...(next && { pageToken: next }) } },
    }));
    if (page?.totalSize !== undefined) return page.totalSize;
    count += page?.apiTokens?.length ?? 0;
    next = page?.nextPageToken ?? '';
  } while (next !== '' && count <= COUNT_MOST);
  return next === '' ? count : COUNT_MOST + 1;
}

export const countQuery = (search: TokenSearch) => queryOptions({
  queryKey: ['api-tokens', 'count', search],
  queryFn: () => countTokens(search),
  staleTime: 10000,
});

export const countText = (count: number | undefined): string =>
  count === undefined ? '' : count > COUNT_MOST ? `${COUNT_MOST.toLocaleString('en')}+` : count.toLocaleString('en');

export const tokenQuery = (id: string) => queryOptions({
  queryKey: ['api-tokens', 'one', id],
  queryFn: async () => (await dataOf(api.GET('/api/v1/api-tokens/{id}', { params: { path: { id } } }))) as ApiToken,
});

async function listRoles(): Promise<Role[]> {
  const roles: Role[] = [];
  let next = '';
  do {
    const page = await dataOf(api.GET('/api/v1/roles', {
      params: { query: { pageSize: 1000, ...(next && { pageToken: next }) } },
    }));
    roles.push(...((page?.roles ?? []) as Role[]));
    next = page?.nextPageToken ?? '';
  } while (next !== '');
  return roles;
}

export const rolesQuery = queryOptions({ queryKey: ['roles', 'all'], queryFn: listRoles, staleTime: 30000 });

// The roles that a reader with `held` may give to a token.
export function useTokenRoles(held: string[]): Role[] | undefined {
  const { data } = useQuery(rolesQuery);
  const mine = new Set(held);
  return data?.filter(({ assignableTo, permissions, name }) =>
    assignableTo !== 'USERS' && name !== 'Owner' && (permissions ?? []).every((permission) => mine.has(permission)));
}

const matching = (token: ApiToken) => ({ 'If-Match': `"${token.etag}"` });

export const deleteToken = (token: ApiToken) =>
  api.DELETE('/api/v1/api-tokens/{id}', { params: { path: { id: token.id! } }, headers: matching(token) });

export const setTokenEnabled = (token: ApiToken, enabled: boolean) =>
  enabled
    ? api.POST('/api/v1/api-tokens/{id}:enable', { params: { path: { id: token.id! } }, body: {}, headers: matching(token) })
    : api.POST('/api/v1/api-tokens/{id}:disable', { params: { path: { id: token.id! } }, body: {}, headers: matching(token) });

// EXPIRED as soon as the time limit has passed, without asking the server again.
export function statusOf(token: ApiToken, now: number): TokenStatus {
  const isPast = token.expireTime !== undefined && new Date(token.expireTime).getTime() <= now;
  return isPast ? 'EXPIRED' : ((token.status as TokenStatus | undefined) ?? 'ACTIVE');
}

// The words of the badge from seven days before the time limit; empty before.
export function soonText(token: ApiToken, now: number): string {
  if (token.expireTime === undefined || statusOf(token, now) !== 'ACTIVE') return '';
  const left = new Date(token.expireTime).getTime() - now;
  if (left > SOON) return '';
  const days = Math.ceil(left / DAY);
  return days <= 1 ? 'Expires within a day' : `Expires in ${days} days`;
}
