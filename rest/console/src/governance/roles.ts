// Roles and permissions: their calls.
import { queryOptions } from '@tanstack/react-query';
import { api, call, dataOf } from '../api/client';
import type { Role } from '../tokens/tokens';

export const ROLES = '/organization/settings/roles';
export const rolePath = (id: string) => `${ROLES}/${id}`;

export interface Permission {
  name: string;
  title: string;
  description: string;
}

// Belongs to the role Owner alone: no other role may have it, so no form offers it and "all" does not mean it.
export const OWNER_ONLY = 'owner.transfer';

export interface PermissionGroup {
  kind: string;
  title: string;
  permissions: Permission[];
}

export const permissionsQuery = queryOptions({
  queryKey: ['permissions'],
  queryFn: async () => ((await dataOf(api.GET('/api/v1/permissions')))?.groups ?? []) as PermissionGroup[],
  staleTime: Infinity,
});

export const roleQuery = (id: string) => queryOptions({
  queryKey: ['roles', 'one', id],
  queryFn: async () => (await dataOf(api.GET('/api/v1/roles/{id}', { params: { path: { id } } }))) as Role,
});

interface Usage {
  usedBy?: { kind?: string; id?: string; name?: string }[];
  hiddenCount?: number;
  nextPageToken?: string;
}

export const usageQuery = (id: string) => queryOptions({
  queryKey: ['roles', 'usage', id],
  queryFn: () => call<Usage>('GET', `/api/v1/roles/${encodeURIComponent(id)}:usage?pageSize=100`),
});

export const ASSIGNABLE: { [value: string]: string } = { USERS: 'Users', TOKENS: 'API tokens', BOTH: 'Users and API tokens' };
