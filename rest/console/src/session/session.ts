// Who is signed in, and the calls of the session's endpoints.
import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query';
import { call, onSessionEnd, setCsrfToken } from '../api/client';
import type { Organization, Schemas, Session as Held } from '../api/types';

const SESSION = '/api/v1/session';

export type { Organization };
// Of a reader who is signed in, so that there is a user.
export type Session = Held & { user: Schemas['SessionUser'] };

function keep(session: Session): Session {
  setCsrfToken(session.csrfToken);
  return session;
}

const getSession = async (): Promise<Session> => keep(await call<Session>('GET', SESSION));

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: getSession,
  staleTime: Infinity,
  retry: false,
});

export const organizationQuery = queryOptions({
  queryKey: ['organization'],
  queryFn: () => call<Organization>('GET', '/api/v1/organization'),
  staleTime: 60000,
});

// The reader's organization; undefined where the role may not read it.
export function useOrganization(): Organization | undefined {
  const may = useMay();
  return useQuery({ ...organizationQuery, enabled: may('settings.read') }).data;
}

export const useSession = (): Session | undefined => useQuery(sessionQuery).data;

// Whether the reader holds a permission, such as "api-tokens.create".
export function useMay(): (permission: string) => boolean {
  const permissions = useSession()?.permissions;
  return (permission) => permissions?.includes(permission) ?? false;
}

export async function signIn(client: QueryClient, email: string, password: string): Promise<Session> {
  const session = keep(await call<Session>('POST', SESSION, { email, password }));
  client.setQueryData(sessionQuery.queryKey, session);
  return session;
}

export async function signOut(client: QueryClient): Promise<void> {
  onSessionEnd(undefined);
  await call('DELETE', SESSION);
  setCsrfToken('');
  // What the reader saw must not be there for the next one.
  client.clear();
  window.location.assign('/console/');
}

// The answer is the session under a new cookie and a new CSRF token.
export async function changePassword(client: QueryClient, currentPassword: string, newPassword: string): Promise<void> {
  const session = keep(await call<Session>('POST', `${SESSION}:changePassword`, { currentPassword, newPassword }));
  client.setQueryData(sessionQuery.queryKey, session);
}

export interface Setup {
  setupToken: string;
  organization: string;
  name: string;
  email: string;
  password: string;
}

export const setUp = (setup: Setup) => call('POST', '/api/v1/setup', setup);
