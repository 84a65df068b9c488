// Organization > Settings > API Tokens: the table.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Clock3, Plus } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useMay } from '../session/session';
import { Page, SETTINGS_CRUMBS, SettingsTabs } from '../shell/page';
import { Empty, Failure } from '../ui/states';
import { DAY, useNow, ZONE } from '../ui/time';
import { DeleteTokenDialog } from './delete';
import { TokenDrawer } from './drawer';
import { columnsOf, type ListSearch, PAGE_SIZES } from './search';
import { TokenTable } from './table';
import { Toolbar } from './toolbar';
import { type ApiToken, countQuery, countText, statusOf, type TokenPage, tokensQuery } from './tokens';

const route = getRouteApi('/organization/settings/api-tokens');

type Change = (change: { [K in keyof ListSearch]?: ListSearch[K] | undefined }, replace?: boolean) => void;

// Undefined parts leave the address.
const clean = (search: { [name: string]: unknown }) =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as ListSearch;

function Banner({ change }: { change: Change }) {
  const { data } = useQuery(countQuery({ expiring: true }));
  const [closed, setClosed] = useState(() => sessionStorage.getItem('expiring-closed') === '1');
  if (!data || closed) return null;
  const close = () => {
    sessionStorage.setItem('expiring-closed', '1');
    setClosed(true);
  };
  return (
    <div className="banner" role="status">
      <Clock3 aria-hidden="true" />
      <span className="spread">
        {data === 1 ? '1 token expires' : `${countText(data)} tokens expire`} within 7 days.{' '}
        <button type="button" className="link" onClick={() => change({ expiring: true, status: undefined, page: undefined, after: undefined })}>
          {data === 1 ? 'Show it' : 'Show them'}
        </button>
      </span>
      <button type="button" className="link" onClick={close}>Dismiss</button>
    </div>
  );
}

function NoTokens({ search, change, mayCreate }: { search: ListSearch; change: Change; mayCreate: boolean }) {
  const isFiltered = search.search !== undefined || search.status !== undefined || search.expiring;
  const { data: all } = useQuery({ ...countQuery({}), enabled: isFiltered === true });
  if (isFiltered)
    return (
      <Empty title="No tokens match">
        <p>{all ? `The filter hides ${countText(all)} ${all === 1 ? 'token' : 'tokens'}.` : 'Nothing fits the search and the filter.'}</p>
        <button type="button" className="button"
          onClick={() => change({ search: undefined, status: undefined, expiring: undefined, page: undefined, after: undefined })}>
          Clear filters
        </button>
      </Empty>
    );
  return (
    <Empty title="No API tokens yet">
      <p>Programs use API tokens to call this API. A token has one role, and may do what its role permits.</p>
      {mayCreate && <Link to="/organization/settings/api-tokens/new" className="button primary">Create API token</Link>}
      <a href="/api/v1/swagger/index.html#/api-tokens" target="_blank" rel="noreferrer">API docs</a>
    </Empty>
  );
}

function Foot({ data, search, change }: { data: TokenPage; search: ListSearch; change: Change }) {
  // The server's tokens of the pages before, as this visit has seen them.
  const before = useRef<(string | undefined)[]>([]);
  const page = search.page ?? 1;
  const size = search.size ?? 50;
  before.current[page] = search.after;
  const first = (page - 1) * size + 1;
  const last = first + data.tokens.length - 1;
  const back = () => {
    const after = before.current[page - 1];
    change(page > 2 && after ? { page: page - 1, after } : { page: undefined, after: undefined });
  };
  return (
    <div className="table-foot">
      <span>
        {data.tokens.length > 0 && `${first.toLocaleString('en')}–${last.toLocaleString('en')}`}
        {data.total !== undefined && data.tokens.length > 0 && ` of ${data.total.toLocaleString('en')}`}
      </span>
      <label className="row">
        Rows per page
        <select value={size} onChange={(event) => change({ size: Number(event.target.value), page: undefined, after: undefined })}>
          {PAGE_SIZES.map((count) => <option key={count}>{count}</option>)}
        </select>
      </label>
      <span className="spread">Times in {ZONE}</span>
      <button type="button" className="button compact" disabled={page === 1} onClick={back}>Previous</button>
      <button type="button" className="button compact" disabled={data.next === ''}
        onClick={() => change({ page: page + 1, after: data.next })}>Next</button>
    </div>
  );
}

// Where the reader chose no order, what works comes before what does not.
const liveFirst = (tokens: ApiToken[], now: number): ApiToken[] => {
  const isLive = (token: ApiToken) => statusOf(token, now) === 'ACTIVE';
  return [...tokens.filter(isLive), ...tokens.filter((token) => !isLive(token))];
};

export function TokensPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const may = useMay();
  const [deleting, setDeleting] = useState<ApiToken>();
  const { columns, token: open, ...asked } = search;
  const query = useQuery(tokensQuery(asked));
  const tokens = query.data?.tokens ?? [];
  const now = useNow(tokens.flatMap(({ expireTime }) =>
    expireTime ? [expireTime, new Date(new Date(expireTime).getTime() - 7 * DAY).toISOString()] : []));
  const change: Change = (next, replace = false) =>
    void navigate({ search: (before: ListSearch) => clean({ ...before, ...next }), replace });
  const expired = tokens.filter((token) => statusOf(token, now) === 'EXPIRED').length;
  useEffect(() => {
    void client.invalidateQueries({ queryKey: ['api-tokens', 'count'] });
  }, [client, expired]);
  const shown = search.order ? tokens : liveFirst(tokens, now);
  const mayCreate = may('api-tokens.create');
  let content: ReactNode;
  if (query.error && !query.data) content = <Failure error={query.error} retry={() => void query.refetch()} />;
  else if (query.data && tokens.length === 0) content = <NoTokens search={search} change={change} mayCreate={mayCreate} />;
  else
    content = (
      <TokenTable tokens={query.data ? shown : undefined} now={now} columns={columnsOf({ ...search, columns })}
        order={search.order ?? ''} onOrder={(order) => change({ order: order || undefined, page: undefined, after: undefined })}
        onOpen={(id) => change({ token: id })} onDelete={setDeleting} />
    );
  return (
    <Page title="Settings" crumbs={SETTINGS_CRUMBS} tabs={<SettingsTabs />}>
      <Banner change={change} />
      <Toolbar search={search} change={change} isFetching={query.isFetching} refresh={() => void client.invalidateQueries({ queryKey: ['api-tokens'] })}>
        {mayCreate && (
          <Link to="/organization/settings/api-tokens/new" className="button primary">
            <Plus aria-hidden="true" />
            Create API token
          </Link>
        )}
      </Toolbar>
      <div className="card table-card">{content}</div>
      {query.data && <Foot data={query.data} search={search} change={change} />}
      {open && <TokenDrawer id={open} now={now} onClose={() => change({ token: undefined })} />}
      {deleting && (
        <DeleteTokenDialog token={deleting} onClose={() => setDeleting(undefined)} onDone={() => {
          setDeleting(undefined);
          void client.invalidateQueries({ queryKey: ['api-tokens'] });
        }} />
      )}
    </Page>
  );
}
