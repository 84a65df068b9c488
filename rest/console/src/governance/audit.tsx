// Organization > Audit: who did what, and what was refused.
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { call } from '../api/client';
import { Page } from '../shell/page';
import { Empty, Failure, Waiting } from '../ui/states';
import { Time } from '../ui/time';
import { type AuditSearch, NAMES, readAuditSearch } from './search';

interface AuditLog {
  createTime: string;
  actor: string;
  actorName: string;
  sourceIp: string;
  action: string;
  kind: string;
  objectName: string;
  description: string;
  outcome: string;
  requestId: string;
  count: number;
}

interface Answer {
  auditLogs: AuditLog[];
  nextPageToken: string;
}

// The parameters of the server's list, and of its export.
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

const SHORT_PAGES_MOST = 10;
const PAGE = 50;

// A page may be short, or empty, and still have a next one.
async function listLogs(search: AuditSearch, from: string): Promise<Answer> {
  const found: AuditLog[] = [];
  let next = from;
  for (let calls = 0; calls < SHORT_PAGES_MOST; calls++) {
    const query = parameters(search);
    query.set('pageSize', String(PAGE - found.length));
    if (next) query.set('pageToken', next);
    const { auditLogs, nextPageToken } = await call<Answer>('GET', `/api/v1/audit-logs?${query}`);
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
  const exportOf = (format: string) => {
    const address = parameters(search);
    address.set('format', format);
    return `/api/v1/audit-logs:export?${address}`;
  };
  return (
    <Page title="Audit" crumbs={[{ title: 'Organization' }, { title: 'Audit' }]} actions={(
      <div className="row">
        <a className="button" href={exportOf('ndjson')} download="audit-logs.ndjson"><Download aria-hidden="true" />NDJSON</a>
        <a className="button" href={exportOf('csv')} download="audit-logs.csv"><Download aria-hidden="true" />CSV</a>
      </div>
    )}>
      <Filters key={JSON.stringify(search)} search={search} onChange={(next) => void navigate({ search: next })} />
      <div className="card table-card">
        {query.error && <Failure error={query.error} retry={() => void query.refetch()} />}
        {!logs && !query.error && <Waiting />}
        {logs?.length === 0 && <Empty title="Nothing was recorded"><p>No line of the audit log fits the filters.</p></Empty>}
        {logs && logs.length > 0 && (
          <div className="table-scroll">
            <table className="table" aria-label="Audit log">
              <thead>
                <tr>
                  {['Time', 'Actor', 'Source IP', 'Action', 'Description', 'Outcome'].map((title) => <th key={title} scope="col">{title}</th>)}
                </tr>
              </thead>
              <tbody>
                {logs.map((log, row) => (
                  <tr key={`${log.requestId}-${row}`}>
                    <td className="fixed" data-label="Time"><Time value={log.createTime} /></td>
                    <td className="text" data-label="Actor"><bdi title={log.actor}>{log.actorName || log.actor}</bdi></td>
                    <td className="mono fixed" data-label="Source IP">{log.sourceIp}</td>
                    <td className="mono fixed" data-label="Action">{log.action}</td>
                    <td className="prose" data-label="Description"><bdi>{log.description}</bdi>{log.count > 1 && ` (${log.count} times)`}</td>
                    <td className="fixed" data-label="Outcome">
                      <span className={`pill ${log.outcome === 'OK' ? 'success' : 'danger'}`}>{log.outcome}</span>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        {query.hasNextPage && (
          <div className="more">
            <button type="button" className="button compact" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show more</button>
          </div>
        )}
      </div>
    </Page>
  );
}
