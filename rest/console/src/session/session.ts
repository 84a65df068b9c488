// Who is signed in, and the calls of the session's endpoints.
import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query';
import { call, onSessionEnd, setCsrfToken } from '../api/client';

export interface SessionUser {
  id: string;
  name: string;
  email: string;
  roleId: string;
  roleName: string;
  passwordChangeRequired: boolean;
}

export interface Session {
  user: SessionUser;
  organization: string;
  permissions: string[];
  csrfToken: string;
}

// Fields may stand in the session itself or in its user.
interface SessionAnswer {
  user?: Partial<SessionUser>;
  email?: string;
  roleName?: string;
  organization?: string | { name?: string };
  organizationName?: string;
  permissions?: string[];
  csrfToken?: string;
  passwordChangeRequired?: boolean;
}

function readSession(answer: SessionAnswer): Session {
  const user = answer.user ?? {};
  const organization = typeof answer.organization === 'object' ? answer.organization.name : answer.organization;
  const csrfToken = answer.csrfToken ?? '';
  setCsrfToken(csrfToken);
  return {
    user: {
      id: user.id ?? '',
      name: user.name ?? '',
      email: user.email ?? answer.email ?? '',
      roleId: user.roleId ?? '',
      roleName: user.roleName ?? answer.roleName ?? '',
      passwordChangeRequired: user.passwordChangeRequired ?? answer.passwordChangeRequired ?? false,
    },
    organization: organization ?? answer.organizationName ?? '',
    permissions: answer.permissions ?? [],
    csrfToken,
  };
}

const getSession = async (): Promise<Session> => readSession(await call<SessionAnswer>('GET', '/api/v1/session'));

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: getSession,
  staleTime: Infinity,
  retry: false,
});

export const useSession = (): Session | undefined => useQuery(sessionQuery).data;

// Whether the reader holds a permission, such as "api-tokens.create".
export function useMay(): (permission: string) => boolean {
  const permissions = useSession()?.permissions;
  return (permission) => permissions?.includes(permission) ?? false;
}

export async function signIn(client: QueryClient, email: string, password: string): Promise<Session> {
  await call('POST', '/api/v1/session', { email, password });
  return await client.fetchQuery({ ...sessionQuery, staleTime: 0 });
}

export async function signOut(client: QueryClient): Promise<void> {
  onSessionEnd(undefined);
  await call('DELETE', '/api/v1/session');
  setCsrfToken('');
  // What the reader saw must not be there for the next one.
  client.clear();
  window.location.assign('/console/');
}

export const changePassword = (currentPassword: string, newPassword: string) =>
  call('POST', '/api/v1/session:changePassword', { currentPassword, newPassword });

export interface Setup {
  setupToken: string;
  organization: string;
  name: string;
  email: string;
  password: string;
}

export const setUp = (setup: Setup) => call('POST', '/api/v1/setup', setup);
