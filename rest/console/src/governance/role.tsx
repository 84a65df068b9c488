// One role: what it permits and who has it; and the forms that create, clone and edit one.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useBlocker, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { api, dataOf, newKey } from '../api/client';
import { isStatus, messageOf } from '../api/problem';
import { useMay, useSession } from '../session/session';
import { Page, SETTINGS_CRUMBS } from '../shell/page';
import { type Role, tokenPath } from '../tokens/tokens';
import { changesOf, ConflictDialog, differencesOf } from '../ui/conflict';
import { ModalDialog } from '../ui/dialog';
import { FieldError, TextAreaField, TextField } from '../ui/field';
import { Failure, Waiting } from '../ui/states';
import { Time } from '../ui/time';
import { say } from '../ui/toast';
import { Summary, violationAt } from '../ui/violations';
import { PermissionMatrix } from './matrix';
import { ASSIGNABLE, OWNER_ONLY, rolePath, roleQuery, ROLES, usageQuery } from './roles';

const CRUMBS = [...SETTINGS_CRUMBS, { title: 'Roles', to: ROLES }];
const FIELDS = ['name', 'description', 'permissions', 'assignableTo'];
const none = new Set<string>();
const useHeld = (): ReadonlySet<string> => new Set(useSession()?.permissions ?? []);

type Values = Pick<Role, 'name' | 'description' | 'assignableTo' | 'permissions'>;

const titles: { [field in keyof Values]-?: string } =
  { name: 'Name', description: 'Description', assignableTo: 'Assignable to', permissions: 'Permissions' };

const sorted = (role: Role): Role => ({ ...role, permissions: [...(role.permissions ?? [])].sort() });

// A field of a version in words; of the permissions, what it adds to `base` and what it takes away.
function roleText(field: keyof Values, of: Partial<Values>, base: Role): string {
  if (field === 'assignableTo') return ASSIGNABLE[of.assignableTo ?? 'BOTH']!;
  if (field !== 'permissions') return of[field] || 'None';
  const [now, before] = [new Set(of.permissions), new Set(base.permissions)];
  const added = [...now].filter((name) => !before.has(name));
  const removed = [...before].filter((name) => !now.has(name));
  return [added.length ? `Added: ${added.join(', ')}.` : '', removed.length ? `Removed: ${removed.join(', ')}.` : '']
    .filter((part) => part !== '').join(' ') || 'As before';
}

// Creates a role, or edits `role`; `like` fills in the form of a clone.
function RoleForm({ role: given, like, onDone }: { role?: Role; like?: Role | undefined; onDone: (role?: Role) => void }) {
  const client = useQueryClient();
  // As it was when the form was opened: what is read again meanwhile must not pass for what the reader saw.
  const [role, setRole] = useState(given);
  const [theirs, setTheirs] = useState<Role>();
  const held = useHeld();
  const from = role ?? like;
  const [name, setName] = useState(role?.name ?? (like ? `${like.name} copy` : ''));
  const [description, setDescription] = useState(from?.description ?? '');
  const [permissions, setPermissions] = useState<ReadonlySet<string>>(() =>
    new Set((from?.permissions ?? []).filter((permission) => role || (held.has(permission) && permission !== OWNER_ONLY))));
  const [assignableTo, setAssignableTo] = useState<string>(from?.assignableTo ?? 'BOTH');
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [isTouched, setTouched] = useState(false);
  const key = useRef(newKey());
  useBlocker({
    shouldBlockFn: () => isTouched && !window.confirm('Leave without saving what you changed?'),
    enableBeforeUnload: isTouched,
  });
  const length = [...name.trim()].length;
  const body = { name: name.trim(), description, permissions: [...permissions].sort(), assignableTo } as Values;
  const save = async (base = role) => {
    setBusy(true);
    setError(undefined);
    setTheirs(undefined);
    try {
      const saved = (base
        ? await dataOf(api.PATCH('/api/v1/roles/{id}', {
          params: { path: { id: base.id! } }, headers: { 'If-Match': `"${base.etag}"` }, body: changesOf<Values>(sorted(role!), body) as never,
        }))
        : await dataOf(api.POST('/api/v1/roles', { headers: { 'Idempotency-Key': key.current }, body: body as never }))) as Role;
      setTouched(false);
      await client.invalidateQueries({ queryKey: ['roles'] });
      say(`The role "${saved.name}" was saved.`);
      setTimeout(() => onDone(saved));
    } catch (failure) {
      key.current = newKey();
      setBusy(false);
      if (base && isStatus(failure, 412)) await client.fetchQuery({ ...roleQuery(base.id!), staleTime: 0 }).then(setTheirs, setError);
      else setError(failure);
    }
  };
  const takeTheirs = (other: Role) => {
    setRole(other);
    setName(other.name ?? '');
    setDescription(other.description ?? '');
    setPermissions(new Set(other.permissions));
    setAssignableTo(other.assignableTo ?? 'BOTH');
    setTheirs(undefined);
    setTouched(false);
  };
  const change = <T,>(set: (value: T) => void) => (value: T) => {
    key.current = newKey();
    setTouched(true);
    set(value);
  };
  return (
    <form className="stack" noValidate onSubmit={(event) => {
      event.preventDefault();
      if (length >= 3) void save();
      else setError(undefined);
    }}>
      <section className="card">
        <div className="body stack">
          <Summary error={error} fields={FIELDS} />
          <TextField label="Name" value={name} maxLength={128} required autoFocus hint="3 to 128 characters, unique in the organization."
            error={isTouched && length < 3 ? 'A name must have 3 to 128 characters.' : violationAt(error, 'name')}
            onChange={(event) => change(setName)(event.target.value)} />
          <TextAreaField label="Description" value={description} maxLength={500} error={violationAt(error, 'description')}
            hint={<><span /><span>{[...description].length} / 500</span></>} onChange={(event) => change(setDescription)(event.target.value)} />
          <fieldset className="field plain">
            <legend className="label">Assignable to</legend>
            <div className="segments">
              {Object.entries(ASSIGNABLE).map(([value, title]) => (
                <label key={value}>
                  <input type="radio" name="assignable" checked={assignableTo === value} onChange={() => change(setAssignableTo)(value)} />
                  {title}
                </label>
              ))}
            </div>
            <FieldError>{violationAt(error, 'assignableTo')}</FieldError>
          </fieldset>
        </div>
      </section>
      <section className="card table-card" aria-label="Permissions">
        <header><h2 className="spread">Permissions</h2><span className="muted">{permissions.size} selected</span></header>
        <FieldError>{violationAt(error, 'permissions')}</FieldError>
        <PermissionMatrix value={permissions} held={held} onChange={(value) => change(setPermissions)(value)} />
      </section>
      <div className="row">
        <button type="submit" className="button primary" disabled={busy}>{role ? 'Save' : 'Create role'}</button>
        <button type="button" className="button" onClick={() => onDone()}>Cancel</button>
      </div>
      {role && theirs && (
        <ConflictDialog title="The role was changed meanwhile" time={theirs.updateTime} etag={theirs.etag ?? ''}
          history={`/api/v1/audit-logs?kind=roles&object=${encodeURIComponent(role.id!)}&pageSize=10`}
          differences={differencesOf<Values>(titles, sorted(role), changesOf<Values>(sorted(role), body), sorted(theirs), (field, of) =>
            roleText(field, of, role))}
          onMine={() => void save(theirs)} onTheirs={() => takeTheirs(theirs)} onClose={() => setTheirs(undefined)} />
      )}
    </form>
  );
}

const newRoute = getRouteApi('/organization/settings/roles/new');

export function CreateRolePage() {
  const { clone } = newRoute.useSearch();
  const navigate = useNavigate();
  const { data: like, error } = useQuery({ ...roleQuery(clone ?? ''), enabled: clone !== undefined });
  const title = clone ? 'Clone role' : 'Create role';
  return (
    <Page title={title} crumbs={[...CRUMBS, { title }]}>
      {clone && error && <div className="card"><Failure error={error} /></div>}
      {clone && !like && !error && <Waiting />}
      {(!clone || like) && <RoleForm like={like} onDone={(role) => void navigate({ to: (role ? rolePath(role.id!) : ROLES) as '/' })} />}
    </Page>
  );
}

function UsageList({ id }: { id: string }) {
  const { data, error } = useQuery(usageQuery(id));
  if (error) return <p className="muted">{messageOf(error)}</p>;
  if (!data) return <Waiting />;
  const { usedBy = [], hiddenCount = 0 } = data;
  if (usedBy.length + hiddenCount === 0) return <p className="muted">Nobody has this role.</p>;
  return (
    <ul className="usage">
      {usedBy.map(({ kind, id: user, name }) => (
        <li key={user}>
          <span className="muted">{kind === 'users' ? 'User' : 'API token'}</span>{' '}
          <Link to={(kind === 'users' ? '/organization/users' : tokenPath(user!)) as '/'}><bdi>{name}</bdi></Link>
        </li>
      ))}
      {hiddenCount > 0 && <li className="muted">and {hiddenCount} that you may not see</li>}
      {data.nextPageToken && <li className="muted">and more</li>}
    </ul>
  );
}

function DeleteRoleDialog({ role, onClose, onDone }: { role: Role; onClose: () => void; onDone: () => void }) {
  const client = useQueryClient();
  const cancel = useRef<HTMLButtonElement>(null);
  const [error, setError] = useState('');
  const remove = async () => {
    try {
      await api.DELETE('/api/v1/roles/{id}', { params: { path: { id: role.id! } }, headers: { 'If-Match': `"${role.etag}"` } });
      say(`The role "${role.name}" was deleted.`);
      await client.invalidateQueries({ queryKey: ['roles', 'all'] });
      onDone();
    } catch (failure) {
      setError(isStatus(failure, 412) ? 'Somebody has changed the role since you read it. Cancel, and look at it again.' : messageOf(failure));
      if (isStatus(failure, 412)) void client.invalidateQueries({ queryKey: ['roles'] });
    }
  };
  return (
    <ModalDialog title="Delete role" onClose={onClose} initialFocus={cancel}>
      <p>Delete the role <strong>{role.name}</strong>? This cannot be undone. A role that somebody has is not deleted.</p>
      <FieldError>{error}</FieldError>
      <footer>
        <button ref={cancel} type="button" className="button" onClick={onClose}>Cancel</button>
        <button type="button" className="button danger" onClick={() => void remove()}>Delete</button>
      </footer>
    </ModalDialog>
  );
}

const route = getRouteApi('/organization/settings/roles/$id');

export function RolePage() {
  const { id } = route.useParams();
  const navigate = useNavigate();
  const may = useMay();
  const held = useHeld();
  const { data: role, error, refetch } = useQuery(roleQuery(id));
  const [editing, setEditing] = useState(false);
  const [deleting, setDeleting] = useState(false);
  useEffect(() => setEditing(false), [id]);
  if (!role)
    return (
      <Page title="Role" crumbs={CRUMBS}>
        <div className="card">{error ? <Failure error={error} retry={() => void refetch()} /> : <Waiting />}</div>
      </Page>
    );
  if (editing)
    return (
      <Page title={`Edit ${role.name}`} crumbs={[...CRUMBS, { title: role.name ?? '', to: rolePath(id) }, { title: 'Edit' }]}>
        <RoleForm role={role} onDone={() => setEditing(false)} />
      </Page>
    );
  return (
    <Page title={role.name ?? ''} crumbs={[...CRUMBS, { title: 'Details' }]} actions={(
      <div className="row">
        {may('roles.create') && <Link to={'/organization/settings/roles/new' as '/'} search={{ clone: id } as never} className="button">Clone role</Link>}
        {may('roles.edit') && !role.predefined && <button type="button" className="button" onClick={() => setEditing(true)}>Edit role</button>}
        {may('roles.delete') && !role.predefined && <button type="button" className="button danger-text" onClick={() => setDeleting(true)}>Delete role</button>}
      </div>
    )}>
      <section className="card" aria-label="Overview">
        <header><h2>General Overview</h2></header>
        <div className="body">
          <dl className="facts">
            <dt>Description</dt>
            <dd>{role.description ? <bdi>{role.description}</bdi> : <span className="muted">None</span>}</dd>
            <dt>Assignable to</dt>
            <dd>{ASSIGNABLE[role.assignableTo ?? 'BOTH']}</dd>
            <dt>Type</dt>
            <dd>{role.predefined ? 'Predefined: cannot be changed or deleted' : 'Custom'}</dd>
            {role.updateTime && <><dt>Last updated</dt><dd><Time value={role.updateTime} /></dd></>}
            <dt>Used by</dt>
            <dd><UsageList id={id} /></dd>
          </dl>
        </div>
      </section>
      <section className="card table-card" aria-label="Permissions">
        <header><h2>Permissions</h2></header>
        <PermissionMatrix value={role.permissions ? new Set(role.permissions) : none} held={held} />
      </section>
      {deleting && <DeleteRoleDialog role={role} onClose={() => setDeleting(false)} onDone={() => void navigate({ to: ROLES as '/' })} />}
    </Page>
  );
}
