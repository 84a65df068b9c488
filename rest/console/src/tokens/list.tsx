// Organization > Settings > API Tokens: the table.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Clock3, Plus } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useMay } from '../session/session';
import { Page, SETTINGS_CRUMBS, SettingsTabs } from '../shell/page';
import { List, NoMatch } from '../ui/list';
import { type Change, cleaned, FIRST_PAGE } from '../ui/liststate.ts';
import { Empty } from '../ui/states';
import { DAY, useNow } from '../ui/time';
import { DeleteTokenDialog } from './delete';
import { TokenDrawer } from './drawer';
import { columnsOf, type ListSearch } from './search';
import { tokenColumns, TokenMenu } from './table';
import { ColumnChoice, TokenFilters } from './toolbar';
import { type ApiToken, countQuery, countText, soonText, statusOf, tokensQuery } from './tokens';

const route = getRouteApi('/organization/settings/api-tokens');

function Banner({ change }: { change: Change<ListSearch> }) {
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
        <button type="button" className="link" onClick={() => change({ expiring: true, status: undefined, ...FIRST_PAGE })}>
          {data === 1 ? 'Show it' : 'Show them'}
        </button>
      </span>
      <button type="button" className="link" onClick={close}>Dismiss</button>
    </div>
  );
}

function NoTokens({ search, change, mayCreate }: { search: ListSearch; change: Change<ListSearch>; mayCreate: boolean }) {
  const isFiltered = search.search !== undefined || search.status !== undefined || search.expiring === true;
  const { data: all } = useQuery({ ...countQuery({}), enabled: isFiltered });
  if (isFiltered)
    return (
      <NoMatch title="No tokens match" hidden={all ? `The filter hides ${countText(all)} ${all === 1 ? 'token' : 'tokens'}.` : undefined}
        onClear={() => change({ search: undefined, status: undefined, expiring: undefined, ...FIRST_PAGE })} />
    );
  return (
    <Empty title="No API tokens yet">
      <p>Programs use API tokens to call this API. A token has one role, and may do what its role permits.</p>
      {mayCreate && <Link to="/organization/settings/api-tokens/new" className="button primary">Create API token</Link>}
      <a href="/api/v1/swagger/index.html#/api-tokens" target="_blank" rel="noreferrer">API docs</a>
    </Empty>
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
  const { columns: _, token: open, ...asked } = search;
  const query = useQuery(tokensQuery(asked));
  const tokens = query.data?.rows ?? [];
  const now = useNow(tokens.flatMap(({ expireTime }) =>
    expireTime ? [expireTime, new Date(new Date(expireTime).getTime() - 7 * DAY).toISOString()] : []));
  const change: Change<ListSearch> = (next, replace = false) =>
    void navigate({ search: (before: ListSearch) => cleaned<ListSearch>({ ...before, ...next }), replace });
  const expired = tokens.filter((token) => statusOf(token, now) === 'EXPIRED').length;
  useEffect(() => {
    void client.invalidateQueries({ queryKey: ['api-tokens', 'count'] });
  }, [client, expired]);
  const mayCreate = may('api-tokens.create');
  return (
    <Page title="Settings" crumbs={SETTINGS_CRUMBS} tabs={<SettingsTabs />}>
      <Banner change={change} />
      <List label="API tokens" state={search} change={change} query={query} rows={search.order ? tokens : liveFirst(tokens, now)}
        columns={tokenColumns(columnsOf(search), now, (id) => change({ token: id }))} keyOf={({ id }) => id!}
        stateOf={(token) => statusOf(token, now) + soonText(token, now)}
        menu={{ nameOf: ({ name }) => name!, items: (token) => <TokenMenu token={token} now={now} onDelete={setDeleting} /> }}
        filters={<TokenFilters search={search} change={change} />} tools={<ColumnChoice search={search} change={change} />}
        refresh={() => void client.invalidateQueries({ queryKey: ['api-tokens'] })}
        empty={<NoTokens search={search} change={change} mayCreate={mayCreate} />}
        create={mayCreate && (
          <Link to="/organization/settings/api-tokens/new" className="button primary">
            <Plus aria-hidden="true" />
            Create API token
          </Link>
        )} />
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
