// What the list, the drawer and the page of API tokens share.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, dataOf } from '../api/client';
import { useMay } from '../session/session';
import { Time } from '../ui/time';
import { type ApiToken, soonText, statusOf, tokenPath, type TokenStatus } from './tokens';

export interface ActivityLog {
  time?: string;
  actor?: string;
  sourceIp?: string;
  action?: string;
  description?: string;
  outcome?: string;
  requestId?: string;
  count?: number;
}

const words: { [status in TokenStatus]: [tone: string, word: string] } = {
  ACTIVE: ['success', 'Active'],
  EXPIRED: ['', 'Expired'],
  DISABLED: ['', 'Disabled'],
};

export const statusWord = (status: TokenStatus): string => words[status][1];

export function TokenStatusPill({ token, now }: { token: ApiToken; now: number }) {
  const [tone, word] = words[statusOf(token, now)];
  const soon = soonText(token, now);
  return (
    <>
      <span className={`pill ${tone}`}>{word}</span>
      {soon && <> <span className="pill warning">{soon}</span></>}
    </>
  );
}

export const TimeLimit = ({ token }: { token: ApiToken }) =>
  token.expireTime ? <Time value={token.expireTime} /> : <>Indefinite</>;

export function LastUsed({ token }: { token: ApiToken }) {
  if (!token.lastUsedTime) return <span className="muted">Never used</span>;
  return (
    <span className="muted last-used">
      <Time value={token.lastUsedTime} isRelative />
      {token.lastUsedIp && <span> from <span className="nowrap">{token.lastUsedIp}</span></span>}
    </span>
  );
}

async function listUserNames(): Promise<Map<string, string>> {
  const page = await dataOf(api.GET('/api/v1/users', { params: { query: { pageSize: 1000, readMask: 'id,name,email' } } }));
  return new Map((page?.users ?? []).map(({ id, name, email }) => [id ?? '', name || email || '']));
}

// Who did something: "user:" or "token:" and an id, or "system", in words.
export function Actor({ value }: { value: string | undefined }) {
  const may = useMay();
  const users = useQuery({ queryKey: ['users', 'names'], queryFn: listUserNames, staleTime: 60000,
    enabled: may('users.read') && (value?.startsWith('user:') ?? false) });
  const [type, id = ''] = (value ?? '').split(':');
  if (type === 'user') return <span title={value}>{users.data?.get(id) ?? `User ${id.slice(-8)}`}</span>;
  if (type === 'token') return <Link to={tokenPath(id) as '/'} title={value}>API token {id.slice(-8)}</Link>;
  return <>{value === 'system' ? 'System' : value || 'Unknown'}</>;
}
