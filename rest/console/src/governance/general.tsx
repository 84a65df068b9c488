// Organization > Settings > General: the organization's name, and its rules for tokens, sessions and passwords.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../api/client';
import { isStatus } from '../api/problem';
import { type Organization, organizationQuery, useMay } from '../session/session';
import { Page, SETTINGS_CRUMBS, SettingsTabs } from '../shell/page';
import { presets } from '../tokens/expiration';
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

function GeneralForm({ organization }: { organization: Organization }) {
  const client = useQueryClient();
  const may = useMay();
  const [name, setName] = useState(organization.name);
  const [expiration, setExpiration] = useState(organization.defaultTokenExpiration ?? '');
  const [values, setValues] = useState(() =>
    Object.fromEntries(numbers.map(({ field, unit }) => [field, String((organization[field] ?? 0) / unit)])));
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const isReadOnly = !may('settings.edit');
  const save = async () => {
    setBusy(true);
    setError(undefined);
    const body = {
      name: name.trim(),
      defaultTokenExpiration: expiration || 'UNSPECIFIED',
      ...Object.fromEntries(numbers.map(({ field, unit }) => [field, Math.round(Number(values[field]) * unit)])),
    };
    try {
      const saved = await call<Organization>('PATCH', '/api/v1/organization', body, { 'If-Match': `"${organization.etag}"` });
      client.setQueryData(organizationQuery.queryKey, saved);
      say('The settings were saved.');
    } catch (failure) {
      if (isStatus(failure, 412)) {
        await client.invalidateQueries(organizationQuery);
        setError(new Error('Somebody has changed the settings meanwhile. What you typed is kept: save again to put it in their place.'));
      } else setError(failure);
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
            <option value="">None</option>
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
