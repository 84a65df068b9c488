// The page of one API token: overview, configuration, what it may do, and its history.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useBlocker, useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { api, dataOf } from '../api/client';
import { isStatus } from '../api/problem';
import { useMay, useSession } from '../session/session';
import { Page, SETTINGS_CRUMBS } from '../shell/page';
import { Actor } from '../ui/actor';
import { changesOf, ConflictDialog, differencesOf } from '../ui/conflict';
import { TextAreaField, TextField } from '../ui/field';
import { Failure, Waiting } from '../ui/states';
import { Time, useNow } from '../ui/time';
import { say, sayError } from '../ui/toast';
import { Summary, violationAt } from '../ui/violations';
import { ActivityLogs } from './activity';
import { nameError, networksOf } from './create';
import { DeleteTokenDialog } from './delete';
import { LastUsed, TimeLimit, TokenStatusPill } from './parts';
import { RegenerateDialog } from './regenerate';
import { PermissionList, RoleChoice } from './roles';
import {
  type ApiToken, rolesQuery, setTokenEnabled, statusOf, tokenQuery, TOKENS, useTokenRoles,
} from './tokens';

const route = getRouteApi('/organization/settings/api-tokens/$id');

type Values = Partial<Pick<ApiToken, 'name' | 'description' | 'roleId' | 'allowedCidrs'>>;

const update = (token: ApiToken, values: Values) => dataOf(api.PATCH('/api/v1/api-tokens/{id}', {
  params: { path: { id: token.id! } }, headers: { 'If-Match': `"${token.etag}"` }, body: values as never,
})) as Promise<ApiToken>;

// The work of saving a part of a token. When somebody else has changed it, the reader sees both and decides.
function useSave(given: ApiToken, onDone: () => void) {
  const client = useQueryClient();
  // As it was when the form was opened: what is read again meanwhile must not pass for what the reader saw.
  const [token] = useState(given);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [conflict, setConflict] = useState<{ values: Values; theirs: ApiToken }>();
  const save = async (values: Values, base = token) => {
    setBusy(true);
    setError(undefined);
    try {
      const saved = await update(base, values);
      client.setQueryData(tokenQuery(token.id!).queryKey, saved);
      void client.invalidateQueries({ queryKey: ['api-tokens'] });
      setConflict(undefined);
      say('The API token was saved.');
      onDone();
    } catch (failure) {
      if (isStatus(failure, 412))
        setConflict({ values, theirs: await client.fetchQuery({ ...tokenQuery(token.id!), staleTime: 0 }) });
      else {
        setConflict(undefined);
        setError(failure);
      }
    } finally {
      setBusy(false);
    }
  };
  const dialog = conflict && (
    <TokenConflict {...conflict} base={token} onMine={() => void save(conflict.values, conflict.theirs)} onTheirs={() => {
      setConflict(undefined);
      onDone();
    }} onClose={() => setConflict(undefined)} />
  );
  return { save, error, busy, dialog };
}

const titles: { [field in keyof Values]-?: string } = {
  name: 'Name', description: 'Description', roleId: 'Role', allowedCidrs: 'Allowed networks',
};

function TokenConflict({ base, values, theirs, ...choices }:
  { base: ApiToken; values: Values; theirs: ApiToken; onMine: () => void; onTheirs: () => void; onClose: () => void }) {
  const { data: roles } = useQuery(rolesQuery);
  const text = (field: keyof Values, of: Values): string => {
    const value = of[field];
    if (field === 'roleId') return roles?.find(({ id }) => id === value)?.name ?? String(value);
    return Array.isArray(value) ? value.join(', ') || 'Any' : value || 'None';
  };
  return (
    <ConflictDialog title="The token was changed meanwhile" time={theirs.updateTime} etag={theirs.etag ?? ''} {...choices}
      history={`/api/v1/api-tokens/${theirs.id}/activity-logs?pageSize=10`}
      differences={differencesOf<Values>(titles, base, values, theirs, text)} />
  );
}

// Asks before typed values are left.
function useTypedGuard(isDirty: boolean) {
  useBlocker({
    shouldBlockFn: () => isDirty && !window.confirm('Leave without saving what you changed?'),
    enableBeforeUnload: isDirty,
  });
}

function EditFoot({ busy, onCancel }: { busy: boolean; onCancel: () => void }) {
  return (
    <div className="row">
      <button type="submit" className="button primary" disabled={busy}>Save</button>
      <button type="button" className="button" onClick={onCancel}>Cancel</button>
    </div>
  );
}

function OverviewForm({ token, onDone }: { token: ApiToken; onDone: () => void }) {
  const [name, setName] = useState(token.name ?? '');
  const [description, setDescription] = useState(token.description ?? '');
  const { save, error, busy, dialog } = useSave(token, onDone);
  useTypedGuard(!busy && (name !== token.name || description !== token.description));
  const own = nameError(name);
  return (
    <form className="stack" noValidate onSubmit={(event) => {
      event.preventDefault();
      if (!own) void save(changesOf<Values>(token, { name: name.trim(), description }));
    }}>
      <Summary error={error} fields={['name', 'description']} />
      <TextField label="Name" value={name} maxLength={128} required autoFocus error={own || violationAt(error, 'name')}
        onChange={(event) => setName(event.target.value)} />
      <TextAreaField label="Description" value={description} maxLength={500} error={violationAt(error, 'description')}
        hint={<><span /><span>{[...description].length} / 500</span></>} onChange={(event) => setDescription(event.target.value)} />
      <EditFoot busy={busy} onCancel={onDone} />
      {dialog}
    </form>
  );
}

function Overview({ token, mayEdit, now }: { token: ApiToken; mayEdit: boolean; now: number }) {
  const [editing, setEditing] = useState(false);
  return (
    <Section title="General Overview" action={mayEdit && !editing && (
      <button type="button" className="button compact" onClick={() => setEditing(true)}>Manage token details</button>
    )}>
      {editing ? <OverviewForm token={token} onDone={() => setEditing(false)} /> : (
        <dl className="facts">
          <dt>Name</dt>
          <dd><bdi>{token.name}</bdi></dd>
          <dt>Description</dt>
          <dd>{token.description ? <bdi>{token.description}</bdi> : <span className="muted">None</span>}</dd>
          <dt>Status</dt>
          <dd className="row"><TokenStatusPill token={token} now={now} /></dd>
          <dt>Token</dt>
          <dd className="mono">{(token.maskedToken ?? '').replace(/\.+/, '••••••••')}</dd>
          <dt>Last used</dt>
          <dd><LastUsed token={token} /></dd>
          <dt>Created</dt>
          <dd><Time value={token.createTime ?? ''} /> by <Actor value={token.createdBy} /></dd>
          <dt>Last updated</dt>
          <dd><Time value={token.updateTime ?? ''} /></dd>
        </dl>
      )}
    </Section>
  );
}

function ConfigurationForm({ token, onDone, onRegenerate }: { token: ApiToken; onDone: () => void; onRegenerate: () => void }) {
  const session = useSession();
  const roles = useTokenRoles(session?.permissions ?? []);
  const [roleId, setRoleId] = useState(token.roleId ?? '');
  const before = token.allowedCidrs?.join('\n') ?? '';
  const [networks, setNetworks] = useState(before);
  const { save, error, busy, dialog } = useSave(token, onDone);
  useTypedGuard(!busy && (roleId !== token.roleId || networks !== before));
  return (
    <form className="stack" noValidate onSubmit={(event) => {
      event.preventDefault();
      if (roleId) void save(changesOf<Values>(token, { roleId, allowedCidrs: networksOf(networks) }));
    }}>
      <Summary error={error} fields={['roleId', 'allowedCidrs']} />
      <dl className="facts"><dt>Token Time Limit</dt><dd><TimeLimit token={token} /></dd></dl>
      <RoleChoice roles={roles} value={roleId} onChange={setRoleId} error={roleId ? violationAt(error, 'roleId') : 'Choose a role.'} />
      <TextAreaField label="Allowed networks" value={networks} className="input mono" spellCheck={false}
        hint="One network a line. Empty for any." error={violationAt(error, 'allowedCidrs')}
        onChange={(event) => setNetworks(event.target.value)} />
      <div className="row">
        <button type="button" className="button danger-text" onClick={onRegenerate}>Regenerate API token</button>
      </div>
      <EditFoot busy={busy} onCancel={onDone} />
      {dialog}
    </form>
  );
}

function Configuration({ token, mayEdit, onRegenerate }: { token: ApiToken; mayEdit: boolean; onRegenerate: () => void }) {
  const [editing, setEditing] = useState(false);
  const may = useMay();
  const { data: roles } = useQuery({ ...rolesQuery, enabled: may('roles.read') });
  const role = roles?.find(({ id }) => id === token.roleId);
  return (
    <Section title="Token Configuration" action={mayEdit && !editing && (
      <button type="button" className="button compact" onClick={() => setEditing(true)}>Manage token configuration</button>
    )}>
      {editing ? <ConfigurationForm token={token} onDone={() => setEditing(false)} onRegenerate={onRegenerate} /> : (
        <div className="stack">
          <dl className="facts">
            <dt>Token Time Limit</dt>
            <dd><TimeLimit token={token} /></dd>
            <dt>Assigned Role</dt>
            <dd><bdi>{token.roleName}</bdi></dd>
            <dt>Allowed networks</dt>
            <dd className="mono">{token.allowedCidrs?.length ? token.allowedCidrs.join(', ') : 'Any'}</dd>
          </dl>
          {role && (
            <details className="disclosure">
              <summary>What the token may do ({role.permissions?.length ?? 0} permissions)</summary>
              <PermissionList permissions={role.permissions ?? []} />
            </details>
          )}
        </div>
      )}
    </Section>
  );
}

function Section({ title, action, children, isFlush = false }:
  { title: string; action?: ReactNode; children: ReactNode; isFlush?: boolean }) {
  return (
    <section className="card" aria-label={title}>
      <header><h2 className="spread">{title}</h2>{action}</header>
      <div className={isFlush ? '' : 'body'}>{children}</div>
    </section>
  );
}

function TokenActions({ token, now, onDelete }: { token: ApiToken; now: number; onDelete: () => void }) {
  const may = useMay();
  const client = useQueryClient();
  const isDisabled = token.status === 'DISABLED';
  const toggle = async () => {
    try {
      await setTokenEnabled(token, isDisabled);
      say(`The API token was ${isDisabled ? 'enabled' : 'disabled'}.`);
    } catch (error) {
      sayError(error);
    }
    void client.invalidateQueries({ queryKey: ['api-tokens'] });
  };
  return (
    <div className="row">
      {may('api-tokens.edit') && statusOf(token, now) !== 'EXPIRED' && (
        <button type="button" className="button" onClick={() => void toggle()}>
          {isDisabled ? 'Enable API token' : 'Disable API token'}
        </button>
      )}
      {may('api-tokens.delete') && (
        <button type="button" className="button danger-text" onClick={onDelete}>Delete API token</button>
      )}
    </div>
  );
}

export function TokenPage() {
  const { id } = route.useParams();
  const navigate = useNavigate();
  const client = useQueryClient();
  const may = useMay();
  const { data: token, error, refetch } = useQuery(tokenQuery(id));
  const now = useNow([token?.expireTime]);
  const [deleting, setDeleting] = useState(false);
  const [regenerating, setRegenerating] = useState(false);
  const crumbs = [...SETTINGS_CRUMBS, { title: 'API Tokens', to: TOKENS }];
  if (!token)
    return (
      <Page title="API token" crumbs={crumbs}>
        <div className="card">{error ? <Failure error={error} retry={() => void refetch()} /> : <Waiting />}</div>
      </Page>
    );
  const mayEdit = may('api-tokens.edit');
  return (
    <Page title={token.name ?? ''} crumbs={[...crumbs, { title: 'Details' }]}
      actions={<TokenActions token={token} now={now} onDelete={() => setDeleting(true)} />}>
      <Overview token={token} mayEdit={mayEdit} now={now} />
      <Configuration token={token} mayEdit={mayEdit} onRegenerate={() => setRegenerating(true)} />
      <Section title="Activity Logs" isFlush><ActivityLogs id={id} /></Section>
      {deleting && (
        <DeleteTokenDialog token={token} onClose={() => setDeleting(false)} onDone={() => void navigate({ to: TOKENS })} />
      )}
      {regenerating && (
        <RegenerateDialog token={token} onClose={() => {
          setRegenerating(false);
          void client.invalidateQueries({ queryKey: ['api-tokens'] });
        }} />
      )}
    </Page>
  );
}
