// Organization > Settings > Roles.
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useMay } from '../session/session';
import { Page, SETTINGS_CRUMBS, SettingsTabs } from '../shell/page';
import { type Role, rolesQuery } from '../tokens/tokens';
import { type Column, List, NoMatch } from '../ui/list';
import { type Change, cleaned, type ListState } from '../ui/liststate.ts';
import { ASSIGNABLE, rolePath } from './roles';

const route = getRouteApi('/organization/settings/roles');

const COLUMNS: Column<Role>[] = [
  { name: 'name', title: 'Name', look: 'name', cell: ({ id, name }) => <Link to={rolePath(id!) as '/'}><bdi>{name}</bdi></Link> },
  { name: 'description', title: 'Description', look: 'text', cell: ({ description }) => <bdi title={description}>{description}</bdi> },
  { name: 'assignable', title: 'Assignable to', look: 'fixed', cell: ({ assignableTo }) => ASSIGNABLE[assignableTo ?? 'BOTH'] },
  { name: 'permissions', title: 'Permissions', look: 'fixed', cell: ({ permissions }) => permissions?.length ?? 0 },
  { name: 'type', title: 'Type', look: 'fixed', cell: ({ predefined }) => (predefined ? 'Predefined' : 'Custom') },
];

export function RolesPage() {
  const may = useMay();
  const state = route.useSearch();
  const navigate = route.useNavigate();
  const { data, ...query } = useQuery(rolesQuery);
  const words = (state.search ?? '').toLowerCase();
  const rows = data?.filter(({ name, description }) => `${name} ${description}`.toLowerCase().includes(words));
  const change: Change<ListState> = (next, replace = false) =>
    void navigate({ search: (before: ListState) => cleaned<ListState>({ ...before, ...next }), replace });
  return (
    <Page title="Settings" crumbs={SETTINGS_CRUMBS} tabs={<SettingsTabs />}>
      <List label="Roles" state={state} change={change} columns={COLUMNS} keyOf={({ id }) => id!} isWhole
        query={{ ...query, data: rows && { rows, next: '', total: rows.length } }}
        empty={<NoMatch title="No roles match" onClear={() => change({ search: undefined })} />}
        create={may('roles.create') && (
          <Link to={'/organization/settings/roles/new' as '/'} className="button primary"><Plus aria-hidden="true" />Create role</Link>
        )} />
    </Page>
  );
}
