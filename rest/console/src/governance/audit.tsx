// Organization > Audit: who did what, and what was refused.
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { call } from '../api/client';
import type { AuditLog, AuditLogPage } from '../api/types';
import { Page } from '../shell/page';
import { LogTable, More } from '../ui/logs';
import { Empty, Failure, Waiting } from '../ui/states';
import { type AuditSearch, NAMES, readAuditSearch } from './search';

// The parameters of the server's list.
function parameters(search: AuditSearch): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of NAMES) {
    const value = search[name];
    if (!value) continue;
    const isTime = name === 'from' || name === 'to';
    if (isTime && Number.isNaN(new Date(value).getTime())) continue;
    query.set(name, isTime ? new Date(value).toISOString() : value);
  }
  return query;
}

function exportPath(search: AuditSearch, format: string): string {
  const query = parameters(search);
  query.set('format', format);
  return `/api/v1/audit-logs:export?${query}`;
}

const SHORT_PAGES_MOST = 10;
const PAGE = 50;

// A page may be short, or empty, and still have a next one.
async function listLogs(search: AuditSearch, from: string): Promise<AuditLogPage> {
  const found: AuditLog[] = [];
  let next = from;
  for (let calls = 0; calls < SHORT_PAGES_MOST; calls++) {
    const query = parameters(search);
    query.set('pageSize', String(PAGE - found.length));
    if (next) query.set('pageToken', next);
    const { auditLogs, nextPageToken } = await call<AuditLogPage>('GET', `/api/v1/audit-logs?${query}`);
    found.push(...auditLogs);
    next = nextPageToken;
    if (next === '' || found.length >= PAGE) break;
  }
  return { auditLogs: found, nextPageToken: next };
}

const route = getRouteApi('/organization/audit');

function Filters({ search, onChange }: { search: AuditSearch; onChange: (search: AuditSearch) => void }) {
  const [draft, setDraft] = useState(search);
  const field = (name: keyof AuditSearch, label: string, type = 'text', placeholder = '') => (
    <div className="field">
      <label htmlFor={`audit-${name}`}>{label}</label>
      <input id={`audit-${name}`} className="input" type={type} placeholder={placeholder} value={draft[name] ?? ''}
        onChange={(event) => setDraft({ ...draft, [name]: event.target.value })} />
    </div>
  );
  return (
    <form className="filters" onSubmit={(event) => {
      event.preventDefault();
      onChange(readAuditSearch({ ...draft }));
    }}>
      {field('actor', 'Actor', 'text', 'user:… or token:…')}
      {field('action', 'Action', 'text', 'CreatedApiToken')}
      {field('kind', 'Kind', 'text', 'api-tokens')}
      <div className="field">
        <label htmlFor="audit-outcome">Outcome</label>
        <select id="audit-outcome" className="input" value={draft.outcome ?? ''}
          onChange={(event) => setDraft({ ...draft, outcome: event.target.value })}>
          <option value="">Any</option>
          {['OK', 'PERMISSION_DENIED', 'UNAUTHENTICATED', 'INVALID_ARGUMENT', 'FAILED_PRECONDITION'].map((outcome) => (
            <option key={outcome}>{outcome}</option>
          ))}
        </select>
      </div>
      {field('from', 'From', 'datetime-local')}
      {field('to', 'To', 'datetime-local')}
      <div className="row">
        <button type="submit" className="button">Apply</button>
        <button type="button" className="button quiet" onClick={() => {
          setDraft({});
          onChange({});
        }}>Clear filters</button>
      </div>
    </form>
  );
}

export function AuditPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = useInfiniteQuery({
    queryKey: ['audit', search],
    queryFn: ({ pageParam }) => listLogs(search, pageParam),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextPageToken || undefined,
  });
  const logs = query.data?.pages.flatMap(({ auditLogs }) => auditLogs);
  return (
    <Page title="Audit" crumbs={[{ title: 'Organization' }, { title: 'Audit' }]} actions={(
      <div className="row">
        {['ndjson', 'csv'].map((format) => (
          <a key={format} className="button" href={exportPath(search, format)} download={`audit-logs.${format}`}
            data-tip={parameters(search).size > 0 ? 'The lines that the filters fit' : 'The whole audit log'}><Download aria-hidden="true" />{format.toUpperCase()}</a>
        ))}
      </div>
    )}>
      <Filters key={JSON.stringify(search)} search={search} onChange={(next) => void navigate({ search: next })} />
      <div className="card table-card">
        {query.error && <Failure error={query.error} retry={() => void query.refetch()} />}
        {!logs && !query.error && <Waiting />}
        {logs?.length === 0 && <Empty title="Nothing was recorded"><p>No line of the audit log fits the filters.</p></Empty>}
        {logs && logs.length > 0 && (
          <LogTable label="Audit log" lines={logs.map((log) => ({ ...log, time: log.createTime }))} more={<More query={query} />} />
        )}
      </div>
    </Page>
  );
}
