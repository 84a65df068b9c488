// The time limit of a token that is created, or regenerated after it expired.
import { useId } from 'react';
import type { Organization } from '../session/session';
import { FieldError } from '../ui/field';
import { DAY, formatTime, formatUtc, HOUR, ZONE } from '../ui/time';

export type Preset = 'EIGHT_HOURS' | 'TWENTY_FOUR_HOURS' | 'ONE_WEEK' | 'ONE_MONTH';
export type Choice = Preset | 'CUSTOM';

export interface Expiration {
  isSet: boolean;
  choice: Choice;
  // Of a datetime-local input, in the reader's zone.
  custom: string;
}

export const presets: { value: Preset; title: string; most: number }[] = [
  { value: 'EIGHT_HOURS', title: '8 hours', most: 8 * HOUR },
  { value: 'TWENTY_FOUR_HOURS', title: '24 hours', most: DAY },
  { value: 'ONE_WEEK', title: '1 week', most: 7 * DAY },
  { value: 'ONE_MONTH', title: '1 month', most: 31 * DAY },
];

const inSeconds = (most: number): string => {
  const days = most / 86400;
  if (days >= 1) return `${Number(days.toFixed(1))} ${days === 1 ? 'day' : 'days'}`;
  const hours = most / 3600;
  return `${Number(hours.toFixed(1))} ${hours === 1 ? 'hour' : 'hours'}`;
};

const mostOf = (organization: Organization | undefined): number => organization?.maximalTokenLifetimeSeconds ?? 0;

export function initialExpiration(organization: Organization | undefined, asked: string | undefined): Expiration {
  const given = asked ?? organization?.defaultTokenExpiration;
  const preset = presets.find(({ value }) => value === given)?.value;
  return { isSet: preset !== undefined || mostOf(organization) > 0, choice: preset ?? 'EIGHT_HOURS', custom: '' };
}

// Why the choice cannot be; empty when it can.
export function expirationError({ isSet, choice, custom }: Expiration, organization: Organization | undefined): string {
  const most = mostOf(organization);
  if (!isSet) return most > 0 ? `The organization allows at most ${inSeconds(most)}.` : '';
  if (choice !== 'CUSTOM') return '';
  const time = new Date(custom).getTime();
  if (Number.isNaN(time)) return 'Enter a date and a time.';
  if (time <= Date.now()) return 'The time must be in the future.';
  return most > 0 && time - Date.now() > most * 1000 ? `The organization allows at most ${inSeconds(most)}.` : '';
}

// The part of a request that says it.
export function expirationBody({ isSet, choice, custom }: Expiration): { expiration?: Preset; expireTime?: string } {
  if (!isSet) return {};
  return choice === 'CUSTOM' ? { expireTime: new Date(custom).toISOString() } : { expiration: choice };
}

export function expirationText({ isSet, choice, custom }: Expiration): string {
  if (!isSet) return 'Indefinite';
  if (choice !== 'CUSTOM') return `${presets.find(({ value }) => value === choice)!.title} from its creation`;
  return Number.isNaN(new Date(custom).getTime()) ? '' : `${formatTime(custom)} (${ZONE}), ${formatUtc(custom)}`;
}

const pad = (value: number) => String(value).padStart(2, '0');

// Now, in the form and the zone of a datetime-local input.
export function localInput(time: Date): string {
  const day = [time.getFullYear(), pad(time.getMonth() + 1), pad(time.getDate())].join('-');
  return `${day}T${pad(time.getHours())}:${pad(time.getMinutes())}`;
}

export function ExpirationChoice({ value, onChange, organization, error }: {
  value: Expiration;
  onChange: (value: Expiration) => void;
  organization: Organization | undefined;
  error: string | undefined;
}) {
  const id = useId();
  const most = mostOf(organization);
  const bound = most > 0 ? `The organization allows at most ${inSeconds(most)}.` : '';
  const time = new Date(value.custom).getTime();
  return (
    <div className="stack">
      <div className="field" role="group" aria-labelledby={id}>
        <span className="label" id={id}>API token expiration</span>
        <div className="segments" role="radiogroup" aria-labelledby={id}>
          {[...presets, { value: 'CUSTOM' as const, title: 'Custom', most: 0 }].map((preset) => {
            const isLong = most > 0 && preset.most > most * 1000;
            return (
              <label key={preset.value} data-tip={isLong ? bound : undefined}>
                <input type="radio" name={id} checked={value.choice === preset.value} disabled={isLong}
                  onChange={() => onChange({ ...value, choice: preset.value })} />
                {preset.title}
              </label>
            );
          })}
        </div>
        {bound && <p className="hint">{bound}</p>}
      </div>
      {value.choice === 'CUSTOM' && (
        <div className="field">
          <label htmlFor={`${id}-custom`}>Date and time ({ZONE})</label>
          <input id={`${id}-custom`} type="datetime-local" className="input" min={localInput(new Date())} value={value.custom}
            aria-invalid={error ? true : undefined} onChange={(event) => onChange({ ...value, custom: event.target.value })} />
          <p className="hint">{Number.isNaN(time) ? 'The time in UTC is shown here.' : `In UTC: ${formatUtc(time)}`}</p>
        </div>
      )}
      <FieldError>{error}</FieldError>
    </div>
  );
}
