// Organization > Settings > Roles.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Plus, Search } from 'lucide-react';
import { useState } from 'react';
import { useMay } from '../session/session';
import { Page, SETTINGS_CRUMBS, SettingsTabs } from '../shell/page';
import { rolesQuery } from '../tokens/tokens';
import { Empty, Failure, Waiting } from '../ui/states';
import { TableFrame } from '../ui/table';
import { ASSIGNABLE, rolePath } from './roles';

export function RolesPage() {
  const may = useMay();
  const { data, error, refetch } = useQuery(rolesQuery);
  const [search, setSearch] = useState('');
  const words = search.trim().toLowerCase();
  const roles = data?.filter(({ name, description }) => `${name} ${description}`.toLowerCase().includes(words));
  return (
    <Page title="Settings" crumbs={SETTINGS_CRUMBS} tabs={<SettingsTabs />}>
      <div className="toolbar">
        <div className="search">
          <Search aria-hidden="true" />
          <input type="search" className="input" aria-label="Search roles" placeholder="Search roles" value={search}
            onChange={(event) => setSearch(event.target.value)} />
        </div>
        <span className="spread" />
        {may('roles.create') && (
          <Link to={'/organization/settings/roles/new' as '/'} className="button primary"><Plus aria-hidden="true" />Create role</Link>
        )}
      </div>
      <div className="card table-card">
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!roles && !error && <Waiting />}
        {roles?.length === 0 && <Empty title="No roles match" />}
        {roles && roles.length > 0 && (
          <TableFrame><table className="table" aria-label="Roles">
            <thead>
              <tr>
                {['Name', 'Description', 'Assignable to', 'Permissions', 'Type'].map((title) => <th key={title} scope="col">{title}</th>)}
              </tr>
            </thead>
            <tbody>
              {roles.map((role) => (
                <tr key={role.id}>
                  <td className="name" data-label="Name"><Link to={rolePath(role.id!) as '/'}><bdi>{role.name}</bdi></Link></td>
                  <td className="text" data-label="Description"><bdi title={role.description}>{role.description}</bdi></td>
                  <td className="fixed" data-label="Assignable to">{ASSIGNABLE[role.assignableTo ?? 'BOTH']}</td>
                  <td className="fixed" data-label="Permissions">{role.permissions?.length ?? 0}</td>
                  <td className="fixed" data-label="Type">{role.predefined ? 'Predefined' : 'Custom'}</td>
                </tr>
              ))}
            </tbody>
          </table></TableFrame>
        )}
      </div>
    </Page>
  );
}
