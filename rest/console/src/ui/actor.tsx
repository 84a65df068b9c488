// Who did something, in words.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, dataOf } from '../api/client';
import { useMay } from '../session/session';

async function listUserNames(): Promise<Map<string, string>> {
  const page = await dataOf(api.GET('/api/v1/users', { params: { query: { pageSize: 1000, readMask: 'id,name,email' } } }));
  return new Map((page?.users ?? []).map(({ id, name, email }) => [id ?? '', name || email || '']));
}

// `value` is "user:" or "token:" and an id, or "system".
export function Actor({ value }: { value: string | undefined }) {
  const may = useMay();
  const users = useQuery({ queryKey: ['users', 'names'], queryFn: listUserNames, staleTime: 60000,
    enabled: may('users.read') && (value?.startsWith('user:') ?? false) });
  const [type, id = ''] = (value ?? '').split(':');
  if (type === 'user') return <span title={value}>{users.data?.get(id) ?? `User ${id.slice(-8)}`}</span>;
  if (type === 'token')
    return <Link to={`/organization/settings/api-tokens/${id}` as '/'} title={value}>API token {id.slice(-8)}</Link>;
  return <>{value === 'system' ? 'System' : value || 'Unknown'}</>;
}
