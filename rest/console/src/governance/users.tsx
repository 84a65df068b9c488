// Organization > Users: who signs in.
import { Menu } from '@base-ui/react/menu';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { type ReactNode, useRef, useState } from 'react';
import { api, call, dataOf, newKey } from '../api/client';
import { isStatus, messageOf } from '../api/problem';
import type { User } from '../api/types';
import { useMay, useSession } from '../session/session';
import { Page } from '../shell/page';
import { type Role, rolesQuery } from '../tokens/tokens';
import { changesOf, ConflictDialog, differencesOf } from '../ui/conflict';
import { ModalDialog } from '../ui/dialog';
import { FieldError, TextField } from '../ui/field';
import { type Column, List, NoMatch } from '../ui/list';
import { type Change, cleaned, fillPage, FIRST_PAGE, type ListState, quote, type Rows } from '../ui/liststate.ts';
import { ShownOnce } from '../ui/secret';
import { Empty } from '../ui/states';
import { Time } from '../ui/time';
import { say, sayError } from '../ui/toast';
import { Summary, violationAt } from '../ui/violations';

const KEY = ['users', 'list'];
const pathOf = ({ id }: User) => `/api/v1/users/${encodeURIComponent(id)}`;
const matching = ({ etag }: User) => ({ 'If-Match': `"${etag}"` });

const listUsers = (state: ListState): Promise<Rows<User>> => {
  const filter = state.search ? `name:${quote(state.search)} OR email:${quote(state.search)}` : '';
  return fillPage(state, async (count, token) => {
    const page = await dataOf(api.GET('/api/v1/users', {
      params: { query: { pageSize: count, ...(filter && { filter }), ...(token && { pageToken: token }),
        ...(state.order && { orderBy: state.order }) } },
    }));
    return { rows: (page?.users ?? []) as User[], next: page?.nextPageToken ?? '', total: page?.totalSize };
  });
};

// The roles that may be given to a user: never Owner, and none that permits more than the reader may.
function useUserRoles(): Role[] {
  const held = new Set(useSession()?.permissions ?? []);
  const { data = [] } = useQuery(rolesQuery);
  return data.filter(({ assignableTo, name, permissions }) =>
    assignableTo !== 'TOKENS' && name !== 'Owner' && (permissions ?? []).every((permission) => held.has(permission)));
}

function OneTimePassword({ user, onClose }: { user: User; onClose: () => void }) {
  return (
    <ModalDialog title="One-time password" onClose={onClose}>
      <p>
        Give this password to <strong><bdi>{user.name}</bdi></strong> ({user.email}). It is shown only here, and another one must be
        chosen at the first sign-in.
      </p>
      <ShownOnce value={user.oneTimePassword ?? ''} name={`${user.email} password`} noun="password" onSaved={() => undefined} />
      <footer><button type="button" className="button primary" onClick={onClose}>Done</button></footer>
    </ModalDialog>
  );
}

type Values = Pick<User, 'name' | 'email' | 'roleId'>;

const titles: { [field in keyof Values]: string } = { name: 'Name', email: 'E-mail', roleId: 'Role' };

function UserDialog({ user: given, onClose, onSaved }: { user?: User | undefined; onClose: () => void; onSaved: (user: User) => void }) {
  const me = useSession()?.user.id;
  const roles = useUserRoles();
  const [user, setUser] = useState(given);
  const [values, setValues] = useState<Values>({ name: user?.name ?? '', email: user?.email ?? '', roleId: user?.roleId ?? '' });
  const [theirs, setTheirs] = useState<User>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const key = useRef(newKey());
  const { name, email, roleId } = values;
  const isFixed = user !== undefined && (user.id === me || !roles.some(({ id }) => id === user.roleId));
  const body = { name: name.trim(), email: email.trim(), ...(!isFixed && { roleId }) };
  const set = (change: Partial<Values>) => setValues({ ...values, ...change });
  const save = async (base = user) => {
    setBusy(true);
    setError(undefined);
    setTheirs(undefined);
    try {
      onSaved(base
        ? await call<User>('PATCH', pathOf(base), changesOf<Values>(user!, body), matching(base))
        : await call<User>('POST', '/api/v1/users', body, { 'Idempotency-Key': key.current }));
    } catch (failure) {
      key.current = newKey();
      setBusy(false);
      if (base && isStatus(failure, 412)) await call<User>('GET', pathOf(base)).then(setTheirs, setError);
      else setError(failure);
    }
  };
  if (user && theirs)
    return (
      <ConflictDialog title="The user was changed meanwhile" time={theirs.updateTime} etag={theirs.etag}
        history={`${pathOf(user)}/activity-logs?pageSize=10`}
        differences={differencesOf<Values>(titles, user, changesOf<Values>(user, body), theirs, (field, of) =>
          field === 'roleId' ? roles.find(({ id }) => id === of.roleId)?.name ?? theirs.roleName : of[field])}
        onMine={() => void save(theirs)} onClose={() => setTheirs(undefined)} onTheirs={() => {
          setUser(theirs);
          setValues(theirs);
          setTheirs(undefined);
        }} />
    );
  return (
    <ModalDialog title={user ? 'Edit user' : 'Create user'} onClose={onClose}>
      <form className="stack" noValidate onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}>
        <Summary error={error} fields={['name', 'email', 'roleId']} />
        <TextField label="Name" value={name} maxLength={128} required autoFocus error={violationAt(error, 'name')}
          onChange={(event) => set({ name: event.target.value })} />
        <TextField label="E-mail" type="email" value={email} maxLength={254} required error={violationAt(error, 'email')}
          onChange={(event) => set({ email: event.target.value })} />
        {isFixed ? <p className="muted">The role is {user.roleName}, and cannot be changed here.</p> : (
          <div className="field">
            <label htmlFor="user-role">Role</label>
            <select id="user-role" className="input" value={roleId} onChange={(event) => set({ roleId: event.target.value })}>
              <option value="">Choose a role</option>
              {roles.map(({ id, name: title }) => <option key={id} value={id}>{title}</option>)}
            </select>
            <FieldError>{violationAt(error, 'roleId')}</FieldError>
          </div>
        )}
        {user && email.trim() !== user.email && <p className="hint">A change of the address ends the user's sessions.</p>}
        <footer>
          <button type="button" className="button" onClick={onClose}>Cancel</button>
          <button type="submit" className="button primary" disabled={busy || (!isFixed && roleId === '')}>
            {user ? 'Save' : 'Create user'}
          </button>
        </footer>
      </form>
    </ModalDialog>
  );
}

type Question = 'delete' | 'reset' | 'disable' | 'end';

const questions: { [question in Question]: { title: string; button: string; text: string } } = {
  delete: { title: 'Delete user', button: 'Delete', text: 'The sessions end at once. API tokens that the user created keep working.' },
  reset: { title: 'Reset password', button: 'Reset password', text: 'The old password stops working, and the sessions end at once. A one-time password is shown.' },
  disable: { title: 'Disable user', button: 'Disable', text: 'The user cannot sign in until they are enabled again. The sessions end at once.' },
  end: { title: 'End sessions', button: 'End sessions', text: 'The user must sign in again everywhere.' },
};

function QuestionDialog({ question, user: given, onClose, onDone }:
  { question: Question; user: User; onClose: () => void; onDone: (answer: User) => void }) {
  const { title, button, text } = questions[question];
  const [user, setUser] = useState(given);
  const cancel = useRef<HTMLButtonElement>(null);
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const actions = { reset: ':resetPassword', disable: ':disable', end: ':endSessions' };
  const act = async () => {
    setBusy(true);
    try {
      onDone(question === 'delete'
        ? await call<User>('DELETE', pathOf(user), undefined, matching(user))
        : await call<User>('POST', pathOf(user) + actions[question], {}));
    } catch (failure) {
      setError(messageOf(failure));
      setBusy(false);
      if (!isStatus(failure, 412)) return;
      setUser(await call<User>('GET', pathOf(user)));
      setError('Somebody has changed the user since you read it. What is shown here now is its new state.');
    }
  };
  return (
    <ModalDialog title={title} onClose={onClose} initialFocus={cancel}>
      <p><strong><bdi>{user.name}</bdi></strong> ({user.email}). {text}</p>
      <FieldError>{error}</FieldError>
      <footer>
        <button ref={cancel} type="button" className="button" onClick={onClose}>Cancel</button>
        <button type="button" className="button danger" disabled={busy} onClick={() => void act()}>{button}</button>
      </footer>
    </ModalDialog>
  );
}

function UserMenu({ user, onEdit, onAsk, onEnable }:
  { user: User; onEdit: () => void; onAsk: (question: Question) => void; onEnable: () => void }) {
  const may = useMay();
  const isMe = useSession()?.user.id === user.id;
  const item = (title: string, isAllowed: boolean, act: () => void, isDangerous = false): ReactNode => (
    <Menu.Item className={isDangerous ? 'option danger' : 'option'} disabled={!isAllowed} onClick={act}>{title}</Menu.Item>
  );
  const edits = may('users.edit');
  return (
    <>
      {item('Edit user', edits, onEdit)}
      {item('Reset password', edits && !isMe, () => onAsk('reset'))}
      {item('End sessions', edits, () => onAsk('end'))}
      <hr />
      {user.status === 'DISABLED' ? item('Enable user', edits, onEnable) : item('Disable user', edits && !isMe, () => onAsk('disable'))}
      {item('Delete user', may('users.delete') && !isMe, () => onAsk('delete'), true)}
    </>
  );
}

const COLUMNS: Column<User>[] = [
  { name: 'name', title: 'Name', field: 'name', look: 'name', cell: ({ name }) => <bdi>{name}</bdi> },
  { name: 'email', title: 'E-mail', look: 'text', cell: ({ email }) => <span title={email}>{email}</span> },
  { name: 'role', title: 'Role', look: 'fixed', cell: ({ roleName }) => <bdi>{roleName}</bdi> },
  { name: 'status', title: 'Status', look: 'fixed', cell: ({ status, passwordChangeRequired }) => (
    <span className="row">
      <span className={status === 'ACTIVE' ? 'pill success' : 'pill'}>{status === 'ACTIVE' ? 'Active' : 'Disabled'}</span>
      {passwordChangeRequired && <span className="pill warning">One-time password</span>}
    </span>
  ) },
  { name: 'created', title: 'Created', field: 'createTime', look: 'fixed', cell: ({ createTime }) => <Time value={createTime ?? ''} /> },
];

const route = getRouteApi('/organization/users');

export function UsersPage() {
  const client = useQueryClient();
  const may = useMay();
  const state = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery({ queryKey: [...KEY, state], queryFn: () => listUsers(state), placeholderData: keepPreviousData });
  const change: Change<ListState> = (next, replace = false) =>
    void navigate({ search: (before: ListState) => cleaned<ListState>({ ...before, ...next }), replace });
  const [editing, setEditing] = useState<User | 'new'>();
  const [asking, setAsking] = useState<{ question: Question; user: User }>();
  const [shown, setShown] = useState<User>();
  const done = (words: string, answer: User) => {
    setEditing(undefined);
    setAsking(undefined);
    if (answer.oneTimePassword) setShown(answer);
    else say(words);
    void client.invalidateQueries({ queryKey: ['users'] });
  };
  const enable = async (user: User) => {
    try {
      done('The user was enabled.', await call<User>('POST', `${pathOf(user)}:enable`, {}));
    } catch (error) {
      sayError(error);
    }
  };
  return (
    <Page title="Users" crumbs={[{ title: 'Organization' }, { title: 'Users' }]}>
      <List label="Users" state={state} change={change} query={query} columns={COLUMNS} keyOf={({ id }) => id}
        empty={state.search === undefined ? <Empty title="No users yet" />
          : <NoMatch title="No users match" onClear={() => change({ search: undefined, ...FIRST_PAGE })} />}
        menu={{ nameOf: ({ email }) => email, items: (user) => (
          <UserMenu user={user} onEdit={() => setEditing(user)} onEnable={() => void enable(user)}
            onAsk={(question) => setAsking({ question, user })} />
        ) }}
        create={may('users.create') && (
          <button type="button" className="button primary" onClick={() => setEditing('new')}><Plus aria-hidden="true" />Create user</button>
        )} />
      {editing && (
        <UserDialog user={editing === 'new' ? undefined : editing} onClose={() => setEditing(undefined)}
          onSaved={(user) => done('The user was saved.', user)} />
      )}
      {asking && (
        <QuestionDialog {...asking} onClose={() => setAsking(undefined)} onDone={(answer) => done(`${questions[asking.question].title}: done.`, answer)} />
      )}
      {shown && <OneTimePassword user={shown} onClose={() => setShown(undefined)} />}
    </Page>
  );
}
