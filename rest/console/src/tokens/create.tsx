// Create API token: Token Settings, Token Configuration, Review and Create, Save Token.
import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useBlocker, useNavigate } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { api, dataOf, newKey } from '../api/client';
import { type Organization, useOrganization, useSession } from '../session/session';
import { Page, SETTINGS_CRUMBS } from '../shell/page';
import { ModalDialog } from '../ui/dialog';
import { TextAreaField, TextField } from '../ui/field';
import { Steps } from '../ui/steps';
import { Summary, violationAt } from '../ui/violations';
import {
  type Expiration, expirationBody, ExpirationChoice, expirationError, expirationText, initialExpiration,
} from './expiration';
import { PermissionList, RoleChoice } from './roles';
import { SavedToken } from './saved';
import { type ApiToken, type Role, TOKENS, useTokenRoles } from './tokens';

const route = getRouteApi('/organization/settings/api-tokens/new');

export interface CreateSearch {
  name?: string;
  description?: string;
  role?: string;
  expiration?: string;
  step?: number;
}

interface Draft {
  name: string;
  description: string;
  roleId: string;
  networks: string;
  expiration: Expiration;
}

const FIELDS = ['name', 'description', 'roleId', 'allowedCidrs', 'expireTime', 'expiration'];
const TITLES = ['Token Settings', 'Token Configuration', 'Review and Create', 'Save Token'];

export const networksOf = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

export const nameError = (name: string): string => {
  const length = [...name.trim()].length;
  return length < 3 || length > 128 ? 'A name must have 3 to 128 characters.' : '';
};

interface StepProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  // Whether errors are shown that the reader has not met yet.
  isChecked: boolean;
  error: unknown;
}

function SettingsStep({ draft, set, isChecked, error }: StepProps) {
  const [left, setLeft] = useState(false);
  const own = isChecked || (left && draft.name !== '') ? nameError(draft.name) : '';
  return (
    <>
      <TextField label="Token name" name="name" value={draft.name} maxLength={128} required autoFocus autoComplete="off"
        hint="3 to 128 characters, unique in the organization." error={own || violationAt(error, 'name')}
        onBlur={() => setLeft(true)} onChange={(event) => set({ name: event.target.value })} />
      <TextAreaField label="Description" name="description" value={draft.description} maxLength={500}
        hint={<><span>What the token is for.</span><span>{[...draft.description].length} / 500</span></>}
        error={violationAt(error, 'description')} onChange={(event) => set({ description: event.target.value })} />
    </>
  );
}

function ConfigurationStep({ draft, set, isChecked, error, roles, organization }:
  StepProps & { roles: Role[] | undefined; organization: Organization | undefined }) {
  const { expiration } = draft;
  const limitError = isChecked || expiration.custom !== '' ? expirationError(expiration, organization) : '';
  const role = roles?.find(({ id }) => id === draft.roleId);
  const isBound = (organization?.maximalTokenLifetimeSeconds ?? 0) > 0;
  const shownError = limitError || violationAt(error, 'expireTime') || violationAt(error, 'expiration');
  return (
    <>
      <fieldset className="stack plain">
        <legend className="label">API Key expiration</legend>
        <label className="check">
          <input type="checkbox" checked={expiration.isSet} disabled={isBound && expiration.isSet}
            onChange={(event) => set({ expiration: { ...expiration, isSet: event.target.checked } })} />
          {expiration.isSet ? 'Set API token time limit' : 'Set expiration'}
        </label>
        {expiration.isSet && (
          <ExpirationChoice value={expiration} organization={organization} error={shownError}
            onChange={(next) => set({ expiration: next })} />
        )}
        {!expiration.isSet && <p className="hint">{shownError || 'Without a time limit the token works until it is disabled or deleted.'}</p>}
      </fieldset>
      <RoleChoice roles={roles} value={draft.roleId} onChange={(roleId) => set({ roleId })}
        error={(isChecked && !draft.roleId ? 'Choose a role.' : '') || violationAt(error, 'roleId')} />
      {role && (
        <details className="disclosure" open>
          <summary>What {role.name} permits ({role.permissions?.length ?? 0})</summary>
          <PermissionList permissions={role.permissions ?? []} />
        </details>
      )}
      <TextAreaField label="Allowed networks" name="networks" value={draft.networks} spellCheck={false} className="input mono"
        hint="One network a line, such as 10.0.0.0/8 or 2001:db8::/32. Empty for any." error={violationAt(error, 'allowedCidrs')}
        onChange={(event) => set({ networks: event.target.value })} />
    </>
  );
}

function ReviewStep({ draft, role, go }: { draft: Draft; role: Role | undefined; go: (step: number) => void }) {
  const rows: [title: string, value: ReactNode, step: number][] = [
    ['Token Name', <bdi>{draft.name.trim()}</bdi>, 1],
    ['Description', draft.description ? <bdi>{draft.description}</bdi> : <span className="muted">None</span>, 1],
    ['Token Time Limit', expirationText(draft.expiration), 2],
    ['Assign Role', <bdi>{role?.name}</bdi>, 2],
    ['Allowed Networks', networksOf(draft.networks).join(', ') || 'Any', 2],
  ];
  return (
    <dl className="review">
      {rows.map(([title, value, step]) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>{value}</dd>
          <dd><button type="button" className="link" aria-description={title} onClick={() => go(step)}>Edit</button></dd>
        </div>
      ))}
    </dl>
  );
}

// Asks once before the reader leaves a value that was neither copied nor downloaded.
function LeaveGuard({ isUnsaved, onLeave }: { isUnsaved: () => boolean; onLeave: () => void }) {
  const stay = useRef<HTMLButtonElement>(null);
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: isUnsaved,
    enableBeforeUnload: isUnsaved,
    withResolver: true,
  });
  if (status !== 'blocked') return null;
  const leave = () => {
    onLeave();
    proceed();
  };
  return (
    <ModalDialog title="Leave without the token?" onClose={reset} initialFocus={stay}>
      <p>You have neither copied nor downloaded the token. It is never shown again.</p>
      <footer>
        <button ref={stay} type="button" className="button primary" onClick={reset}>Stay</button>
        <button type="button" className="button" onClick={leave}>Leave</button>
      </footer>
    </ModalDialog>
  );
}

export function CreateTokenPage() {
  const search = route.useSearch();
  const session = useSession();
  const organization = useOrganization();
  const roles = useTokenRoles(session?.permissions ?? []);
  const navigate = useNavigate();
  const client = useQueryClient();
  const [draft, setDraft] = useState<Draft>(() => ({
    name: search.name ?? '',
    description: search.description ?? '',
    roleId: '',
    networks: '',
    expiration: initialExpiration(organization, search.expiration),
  }));
  const [isTouched, setTouched] = useState(search.expiration !== undefined);
  const [checked, setChecked] = useState(0);
  const [error, setError] = useState<unknown>();
  const [created, setCreated] = useState<ApiToken>();
  const [busy, setBusy] = useState(false);
  const saved = useRef(false);
  const running = useRef(false);
  const key = useRef('');
  const errorAt = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (organization && !isTouched) setDraft((now) => ({ ...now, expiration: initialExpiration(organization, undefined) }));
  }, [organization, isTouched]);
  useEffect(() => {
    const asked = search.role?.toLowerCase();
    const found = asked && roles?.find(({ id, name }) => id === asked || name?.toLowerCase() === asked);
    if (found) setDraft((now) => (now.roleId === '' ? { ...now, roleId: found.id! } : now));
  }, [search.role, roles]);

  const isSettled = (step: number) =>
    step === 1 ? nameError(draft.name) === '' : draft.roleId !== '' && expirationError(draft.expiration, organization) === '';
  // How far the draft goes; the last step exists with a value alone.
  const most = created ? 4 : !isSettled(1) ? 1 : !isSettled(2) ? 2 : 3;
  const step = created ? 4 : Math.min(search.step ?? 1, most);

  const go = (to: number) => void navigate({ to: `${TOKENS}/new` as '/', search: { ...search, step: to } as never });
  const set = (change: Partial<Draft>) => {
    key.current = '';
    if (change.expiration) setTouched(true);
    setError(undefined);
    setDraft((now) => ({ ...now, ...change }));
  };
  const next = () => {
    setChecked(Math.max(checked, step));
    if (isSettled(step)) go(step + 1);
    else requestAnimationFrame(() => errorAt.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  const create = async () => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    // A request that is sent again, because its answer was lost, creates no second token.
    key.current ||= newKey();
    try {
      const body = {
        name: draft.name.trim(),
        description: draft.description,
        roleId: draft.roleId,
        allowedCidrs: networksOf(draft.networks),
        ...expirationBody(draft.expiration),
      };
      const token = await dataOf(api.POST('/api/v1/api-tokens', {
        body: body as never, headers: { 'Idempotency-Key': key.current },
      }));
      setCreated(token as ApiToken);
      void client.invalidateQueries({ queryKey: ['api-tokens'] });
      void navigate({ to: `${TOKENS}/new` as '/', search: { step: 4 } as never, replace: true });
    } catch (failure) {
      setError(failure);
      key.current = '';
      if (violationAt(failure, 'name') ?? violationAt(failure, 'description')) go(1);
      else if (FIELDS.some((field) => violationAt(failure, field))) go(2);
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  const isUnsaved = () => created !== undefined && !saved.current;
  const done = () => void navigate({ to: TOKENS });
  const role = roles?.find(({ id }) => id === draft.roleId);
  const props = { draft, set, error };
  return (
    <Page title="Create API token"
      crumbs={[...SETTINGS_CRUMBS, { title: 'API Tokens', to: TOKENS }, { title: 'Create' }]}>
      <div className="wizard">
        <Steps titles={TITLES} step={step} most={created ? 0 : most} go={go} />
        <form className="stack wizard-form" noValidate onSubmit={(event) => {
          event.preventDefault();
          if (step < 3) next();
          else if (step === 3) void create();
          else done();
        }}>
          <div className="card">
            <header><h2 tabIndex={-1}>{TITLES[step - 1]}</h2></header>
            <div className="body stack" ref={errorAt}>
              <Summary error={error} fields={FIELDS} />
              {step === 1 && <SettingsStep {...props} isChecked={checked >= 1} />}
              {step === 2 && <ConfigurationStep {...props} isChecked={checked >= 2} roles={roles} organization={organization} />}
              {step === 3 && <ReviewStep draft={draft} role={role} go={go} />}
              {created?.token && (
                <SavedToken value={created.token} name={created.name ?? ''} onSaved={() => { saved.current = true; }} />
              )}
            </div>
          </div>
          <footer className="wizard-foot">
            {step < 4 && (
              <button type="button" className="button" onClick={() => (step === 1 ? done() : go(step - 1))}>
                {step === 1 ? 'Cancel' : 'Back'}
              </button>
            )}
            <span className="spread" />
            <button type="submit" className="button primary" disabled={busy}>
              {step < 3 ? 'Next' : step === 3 ? 'Create API token' : 'Done'}
            </button>
          </footer>
        </form>
        {step < 4 && (
          <aside className="summary" aria-label="Summary">
            <h2>Summary</h2>
            <dl>
              <dt>Name</dt>
              <dd><bdi>{draft.name.trim() || 'Not set'}</bdi></dd>
              <dt>Time limit</dt>
              <dd>{expirationText(draft.expiration) || 'Not set'}</dd>
              <dt>Role</dt>
              <dd><bdi>{role?.name ?? 'Not set'}</bdi></dd>
            </dl>
          </aside>
        )}
      </div>
      <LeaveGuard isUnsaved={isUnsaved} onLeave={() => { saved.current = true; }} />
    </Page>
  );
}
