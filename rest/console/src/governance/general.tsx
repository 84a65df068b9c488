// Organization > Settings > General: the organization's name, and its rules for tokens, sessions and passwords.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../api/client';
import { isStatus } from '../api/problem';
import { type Organization, organizationQuery, useMay } from '../session/session';
import { Page, SETTINGS_CRUMBS, SettingsTabs } from '../shell/page';
import { presets } from '../tokens/expiration';
import { changesOf, ConflictDialog, differencesOf } from '../ui/conflict';
import { TextField } from '../ui/field';
import { Failure, Waiting } from '../ui/states';
import { say } from '../ui/toast';
import { Summary, violationAt } from '../ui/violations';

const DAY = 86400;
const MINUTE = 60;

interface Setting {
  field: 'maximalTokenLifetimeSeconds' | 'sessionIdleSeconds' | 'sessionAbsoluteSeconds' | 'minimalPasswordLength';
  label: string;
  hint: string;
  // How many of the server's units one of the form's is.
  unit: number;
}

const numbers: Setting[] = [
  { field: 'maximalTokenLifetimeSeconds', label: 'Maximal lifetime of API tokens (days)', hint: '0 for no maximum. Tokens that exist stay as they are.', unit: DAY },
  { field: 'sessionIdleSeconds', label: 'Sessions end without use after (minutes)', hint: '1 to 1,440', unit: MINUTE },
  { field: 'sessionAbsoluteSeconds', label: 'Sessions end in any case after (minutes)', hint: '5 to 43,200', unit: MINUTE },
  { field: 'minimalPasswordLength', label: 'Minimal length of passwords (characters)', hint: '10 to 256', unit: 1 },
];
const FIELDS = ['name', 'defaultTokenExpiration', ...numbers.map(({ field }) => field)];

type Values = Pick<Organization, 'name' | 'defaultTokenExpiration' | Setting['field']>;

const titles: { [field in keyof Values]-?: string } = {
  name: 'Organization name', defaultTokenExpiration: 'Time limit that forms begin with',
  ...(Object.fromEntries(numbers.map(({ field, label }) => [field, label])) as { [field in Setting['field']]: string }),
};

const NONE = 'UNSPECIFIED';
const expirationOf = (organization: Organization) => organization.defaultTokenExpiration ?? NONE;
const textsOf = (organization: Organization) =>
  Object.fromEntries(numbers.map(({ field, unit }) => [field, String((organization[field] ?? 0) / unit)]));

function settingText(field: keyof Values, of: Partial<Values>): string {
  const number = numbers.find((setting) => setting.field === field);
  if (number) return String((of[number.field] ?? 0) / number.unit);
  if (field === 'name') return of.name ?? '';
  return presets.find(({ value }) => value === of.defaultTokenExpiration)?.title ?? 'None';
}

function GeneralForm({ organization: given }: { organization: Organization }) {
  const client = useQueryClient();
  const may = useMay();
  // As it was when the form was opened: what is read again meanwhile must not pass for what the reader saw.
  const [organization, setOrganization] = useState(given);
  const [theirs, setTheirs] = useState<Organization>();
  const [name, setName] = useState(organization.name);
  const [expiration, setExpiration] = useState<string>(expirationOf(organization));
  const [values, setValues] = useState(() => textsOf(organization));
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const isReadOnly = !may('settings.edit');
  const start = (next: Organization) => {
    client.setQueryData(organizationQuery.queryKey, next);
    setOrganization(next);
    setName(next.name);
    setExpiration(expirationOf(next));
    setValues(textsOf(next));
    setTheirs(undefined);
  };
  const base = { ...organization, defaultTokenExpiration: expirationOf(organization) } as Values;
  const mine = changesOf<Values>(base, {
    name: name.trim(), defaultTokenExpiration: expiration as Values['defaultTokenExpiration'],
    ...Object.fromEntries(numbers.map(({ field, unit }) => [field, Math.round(Number(values[field]) * unit)])),
  } as Values);
  const save = async (etag = organization.etag) => {
    setBusy(true);
    setError(undefined);
    setTheirs(undefined);
    try {
      start(await call<Organization>('PATCH', '/api/v1/organization', mine, { 'If-Match': `"${etag}"` }));
      say('The settings were saved.');
    } catch (failure) {
      if (isStatus(failure, 412)) await client.fetchQuery({ ...organizationQuery, staleTime: 0 }).then(setTheirs, setError);
      else setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="card" noValidate onSubmit={(event) => {
      event.preventDefault();
      void save();
    }}>
      <div className="body stack narrow">
        <Summary error={error} fields={FIELDS} />
        <TextField label="Organization name" value={name} maxLength={128} required readOnly={isReadOnly} error={violationAt(error, 'name')}
          onChange={(event) => setName(event.target.value)} />
        <div className="field">
          <label htmlFor="default-expiration">Time limit that forms for new tokens begin with</label>
          <select id="default-expiration" className="input" value={expiration} disabled={isReadOnly}
            onChange={(event) => setExpiration(event.target.value)}>
            <option value={NONE}>None</option>
            {presets.map(({ value, title }) => <option key={value} value={value}>{title}</option>)}
          </select>
        </div>
        {numbers.map(({ field, label, hint }) => (
          <TextField key={field} label={label} hint={hint} inputMode="decimal" value={values[field]} readOnly={isReadOnly}
            error={Number.isNaN(Number(values[field])) ? 'Enter a number.' : violationAt(error, field)}
            onChange={(event) => setValues({ ...values, [field]: event.target.value })} />
        ))}
        {!isReadOnly && <div><button type="submit" className="button primary" disabled={busy}>Save</button></div>}
      </div>
      {theirs && (
        <ConflictDialog title="The settings were changed meanwhile" time={undefined} etag={theirs.etag}
          history="/api/v1/audit-logs?action=UpdatedOrganization&pageSize=1"
          differences={differencesOf<Values>(titles, base, mine, { ...theirs, defaultTokenExpiration: expirationOf(theirs) } as Values, settingText)}
          onMine={() => void save(theirs.etag)} onTheirs={() => start(theirs)} onClose={() => setTheirs(undefined)} />
      )}
    </form>
  );
}

export function GeneralPage() {
  const { data: organization, error, refetch } = useQuery(organizationQuery);
  return (
    <Page title="Settings" crumbs={SETTINGS_CRUMBS} tabs={<SettingsTabs />}>
      {error && <div className="card"><Failure error={error} retry={() => void refetch()} /></div>}
      {!organization && !error && <Waiting />}
      {organization && <GeneralForm organization={organization} />}
    </Page>
  );
}
