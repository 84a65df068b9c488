// Somebody else changed what the reader edits: who and when, both versions, and which of them counts.
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { call } from '../api/client';
import type { ActivityLog, AuditLog } from '../api/types';
import { Actor } from './actor';
import { ModalDialog } from './dialog';
import { Time } from './time';

export interface Difference {
  title: string;
  mine: ReactNode;
  theirs: ReactNode;
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one ?? '') === JSON.stringify(other ?? '');

// The fields that the reader or somebody else has changed since `base`. `mine` holds what the reader changed alone.
export function differencesOf<T extends object>(titles: { readonly [field in keyof T]?: string }, base: T, mine: Partial<T>,
  theirs: T, text: (field: keyof T, of: Partial<T>) => ReactNode): Difference[] {
  return (Object.keys(titles) as (keyof T)[])
    .filter((field) => field in mine || !isSame(base[field], theirs[field]))
    .map((field) => ({
      title: titles[field]!,
      mine: field in mine ? text(field, mine) : <span className="muted">Not changed</span>,
      theirs: isSame(base[field], theirs[field]) ? <span className="muted">Not changed</span> : text(field, theirs),
    }));
}

// What of `values` differs from `base`.
export function changesOf<T extends object>(base: T, values: Partial<T>): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([field, value]) => !isSame(base[field as keyof T], value))) as Partial<T>;
}

type Logs = { activityLogs?: ActivityLog[]; auditLogs?: AuditLog[] };

// Who changed it last, by its history at `path`; nothing where the reader may not see that.
function LastActor({ path, etag }: { path: string; etag: string }) {
  const { data } = useQuery({ queryKey: ['last-change', path, etag], retry: false, queryFn: () => call<Logs>('GET', path) });
  const lines: (ActivityLog | AuditLog)[] = data?.activityLogs ?? data?.auditLogs ?? [];
  const last = lines.find(({ action, outcome }) => outcome === 'OK' && /^(Updated|Enabled|Disabled|Regenerated)/.test(action ?? ''));
  return last ? <> by <Actor value={last.actor} /></> : null;
}

interface Props {
  title: string;
  time: string | undefined;
  etag: string;
  history: string;
  differences: readonly Difference[];
  onMine: () => void;
  onTheirs: () => void;
  onClose: () => void;
}

export function ConflictDialog({ title, time, etag, history, differences, onMine, onTheirs, onClose }: Props) {
  return (
    <ModalDialog title={title} onClose={onClose}>
      <p>Changed<LastActor path={history} etag={etag} />{time && <> at <Time value={time} /></>}, after you had opened it.</p>
      <div className="conflict table-scroll" tabIndex={0} role="region" aria-label="Both versions">
        <table className="table">
          <thead><tr><th scope="col">Field</th><th scope="col">Yours</th><th scope="col">Theirs</th></tr></thead>
          <tbody>
            {differences.map(({ title: field, mine, theirs }) => (
              <tr key={field}>
                <th scope="row">{field}</th>
                <td data-label="Yours"><bdi>{mine}</bdi></td>
                <td data-label="Theirs"><bdi>{theirs}</bdi></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {differences.length === 0 && <p>Both versions hold the same.</p>}
      <footer>
        <button type="button" className="button" onClick={onClose}>Cancel</button>
        <button type="button" className="button" onClick={onTheirs}>Take theirs</button>
        <button type="button" className="button primary" onClick={onMine}>Keep mine</button>
      </footer>
    </ModalDialog>
  );
}
