// The objects of one kind: searched, filtered, ordered and paged by the server; all of it is in the address.

import { Menu } from '@base-ui/react/menu';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ArrowDown, ArrowUp, Ellipsis, RefreshCw, Search } from 'lucide-react';
import { memo, useEffect, useState } from 'react';
import { Page } from '../shell/page';
import { Empty, Failure } from '../ui/states';
import { TableFrame, TableRows } from '../ui/table';
import { ActionDialog, actionsFor } from './actions.tsx';
import type { Chosen } from './actions.tsx';
import { DEFAULT_SIZE, SIZES, enumColumns, filterOf } from './columns.ts';
import type { ListSearch } from './columns.ts';
import { addresses, textOf, useResources } from './context.tsx';
import type { Json, JsonObject } from './document.ts';
import type { EnumField, Kind } from './model.ts';
import { send } from './send.ts';
import { Button, PageLink, Pill, Time } from './ui.tsx';
import { popupHome } from '../ui/portal';

interface Rows {
  readonly rows: readonly JsonObject[];
  readonly next: string;
  readonly total: number | undefined;
}

/** A page may be short or empty and still have a next one; this many are asked for at once. */
const CALLS_MOST = 10;

function objectsIn(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value as JsonObject[] : [];
}

async function fetchRows(kind: Kind, search: ListSearch, signal: AbortSignal): Promise<Rows> {
  const rows: JsonObject[] = [];
  let next = search.page ?? '';
  const size = search.size ?? DEFAULT_SIZE;
  for (let calls = 0; calls < CALLS_MOST; calls++) {
    const { data } = await send({ method: 'get', path: kind.path, signal, query: {
      pageSize: String(size - rows.length), pageToken: next || undefined, filter: filterOf(search),
      orderBy: search.sort,
    } });
    rows.push(...objectsIn(data[kind.listKey]));
    next = textOf(data, 'nextPageToken');
    const total = data['totalSize'];
    if (next === '' || rows.length >= size)
      return { rows, next, total: typeof total === 'number' ? total : undefined };
  }
  return { rows, next, total: undefined };
}

interface Props {
  readonly kindName: string;
  readonly search: ListSearch;
  readonly onSearch: (search: ListSearch) => void;
}

export function ListPage({ kindName, search, onSearch }: Props) {
  const { kinds } = useResources();
  const kind = kinds.get(kindName);
  if (!kind) return <NoKind />;
  return <KindList key={kind.name} kind={kind} search={search} onSearch={onSearch} />;
}

export function NoKind() {
  return <Page title="Not found" crumbs={[]}>
    <div className="card"><div className="empty"><p>There is no such kind of resource.</p></div></div>
  </Page>;
}

function KindList({ kind, search, onSearch }: { kind: Kind; search: ListSearch; onSearch: Props['onSearch'] }) {
  const { may } = useResources();
  const query = useQuery({
    queryKey: ['resources', kind.name, 'list', search], placeholderData: keepPreviousData,
    queryFn: ({ signal }) => fetchRows(kind, search, signal),
  });
  const create = may(kind.create.permission) &&
    <PageLink className="button primary" to={addresses.create(kind.name)}>Create {kind.noun}</PageLink>;
  return <Page title={kind.title} crumbs={[{ title: 'Resources' }]} actions={create}>
    <Toolbar kind={kind} search={search} onSearch={onSearch} isBusy={query.isFetching}
      onRefresh={() => void query.refetch()} />
    {query.isError && !query.data ? <div className="card"><Failure error={query.error} retry={() => void query.refetch()} />
    </div> : <Table kind={kind} search={search} onSearch={onSearch} result={query.data} onRefresh={() => void query.refetch()} />}
    {query.isError && query.data && <p className="banner danger" role="alert">{query.error.message}</p>}
  </Page>;
}

function SearchBox({ kind, search, onSearch }: Omit<Props, 'kindName'> & { kind: Kind }) {
  const [text, setText] = useState(search.q ?? '');
  useEffect(() => setText(search.q ?? ''), [search.q]);
  useEffect(() => {
    const trimmed = text.trim();
    if (trimmed === (search.q ?? '')) return undefined;
    const timer = setTimeout(() => {
      const { q: _, page: __, ...rest } = search;
      onSearch(trimmed === '' ? rest : { ...rest, q: trimmed });
    }, 250);
    return () => clearTimeout(timer);
  }, [text, search, onSearch]);
  const label = `Search ${kind.title.toLowerCase()}`;
  return <div className="search"><Search aria-hidden="true" />
    <input className="input" type="search" aria-label={label} placeholder={label} value={text}
      onChange={(event) => setText(event.target.value)} /></div>;
}

function Toolbar({ kind, search, onSearch, isBusy, onRefresh }:
  Omit<Props, 'kindName'> & { kind: Kind; isBusy: boolean; onRefresh: () => void }) {
  const chooseStatus = (status: string): void => {
    const { status: _, page: __, ...rest } = search;
    onSearch(status === '' ? rest : { ...rest, status });
  };
  return <div className="toolbar">
    <SearchBox kind={kind} search={search} onSearch={onSearch} />
    {kind.statuses.length > 0 && <select className="input status-filter" aria-label="Status" value={search.status ?? ''}
      onChange={(event) => chooseStatus(event.target.value)}>
      <option value="">Status: All</option>
      {kind.statuses.map(({ value, label }) => <option key={value} value={value}>Status: {label}</option>)}
    </select>}
    <Button tone="icon" aria-label="Refresh" aria-busy={isBusy} onClick={onRefresh}><RefreshCw /></Button>
  </div>;
}

function Heading({ field, label, kind, search, onSearch }:
  Omit<Props, 'kindName'> & { field: string; label: string; kind: Kind }) {
  if (!kind.sortable.includes(field)) return <th scope="col">{label}</th>;
  const [by, direction] = (search.sort ?? '').split(' ');
  const isDown = by === field && direction === 'desc';
  const press = (): void => {
    const { page: _, sort: __, ...rest } = search;
    if (by !== field) onSearch({ ...rest, sort: field });
    else onSearch(isDown ? rest : { ...rest, sort: `${field} desc` });
  };
  return <th scope="col" aria-sort={by !== field ? 'none' : isDown ? 'descending' : 'ascending'}>
    <button type="button" onClick={press}>{label}{by === field && (isDown ? <ArrowDown /> : <ArrowUp />)}</button>
  </th>;
}

type TableProps = Omit<Props, 'kindName'> & { kind: Kind; result: Rows | undefined; onRefresh: () => void };

function Table({ kind, search, onSearch, result, onRefresh }: TableProps) {
  const { document } = useResources();
  const [chosen, setChosen] = useState<Chosen | undefined>(undefined);
  const [menu, setMenu] = useState<Opened | undefined>(undefined);
  const columns = enumColumns(document, kind);
  const count = columns.length + (kind.statuses.length > 0 ? 5 : 4);
  const shared = { kind, search, onSearch };
  if (result && result.rows.length === 0) return <Nothing {...shared} />;
  return <>
    <div className="card table-card"><TableFrame>
      <table className="table" aria-label={kind.title} aria-busy={result === undefined}
        aria-rowcount={result && result.rows.length + 1}>
        <thead><tr>
          <Heading {...shared} field="name" label="Name" />
          <th scope="col">Description</th>
          {kind.statuses.length > 0 && <Heading {...shared} field="status" label="Status" />}
          {columns.map((field) => <Heading key={field.name} {...shared} field={field.name} label={field.label} />)}
          <Heading {...shared} field="updateTime" label="Last updated" />
          <th scope="col"><span className="hidden-text">Actions</span></th>
        </tr></thead>
        {result ? <TableRows items={result.rows} columns={count} row={(object) =>
          <Row key={textOf(object, 'id')} kind={kind} object={object} columns={columns} onMenu={setMenu}
            isMenuOpen={menu?.object === object} />} />
          : <tbody><SkeletonRows count={count} /></tbody>}
      </table>
    </TableFrame></div>
    {menu && <RowMenu kind={kind} {...menu} onClose={() => setMenu(undefined)}
      onChoose={(next) => { setMenu(undefined); setChosen(next); }} />}
    {result && <Foot {...shared} result={result} />}
    {chosen && <ActionDialog kind={kind} chosen={chosen} onDone={onRefresh} onClose={() => setChosen(undefined)} />}
  </>;
}

function SkeletonRows({ count }: { count: number }) {
  return Array.from({ length: 6 }, (_, row) => <tr key={row}>{Array.from({ length: count }, (__, column) =>
    <td key={column}><span className="skeleton" aria-hidden="true" /></td>)}</tr>);
}

/** The row whose menu is open, and the button that opened it. */
interface Opened {
  readonly object: JsonObject;
  readonly anchor: HTMLElement;
}

const Row = memo(function Row({ kind, object, columns, isMenuOpen, onMenu }:
  { kind: Kind; object: JsonObject; columns: readonly EnumField[]; isMenuOpen: boolean; onMenu: (opened: Opened) => void }) {
  const id = textOf(object, 'id');
  const status = textOf(object, 'status');
  return <tr>
    <td className="name"><PageLink to={addresses.details(kind.name, id)}><bdi>{textOf(object, 'name')}</bdi></PageLink></td>
    <td className="text" data-label="Description">{textOf(object, 'description')}</td>
    {kind.statuses.length > 0 && <td data-label="Status">
      <Pill status={status} label={kind.statuses.find(({ value }) => value === status)?.label ?? status} /></td>}
    {columns.map((field) => <td key={field.name} className="fixed" data-label={field.label}>
      {field.choices.find(({ value }) => value === object[field.name])?.label ?? ''}</td>)}
    <td className="fixed" data-label="Last updated"><Time value={textOf(object, 'updateTime')} /></td>
    <td className="actions"><Button tone="icon" aria-label={`Actions of ${textOf(object, 'name')}`} aria-haspopup="menu"
      aria-expanded={isMenuOpen} onClick={(event) => onMenu({ object, anchor: event.currentTarget })}><Ellipsis /></Button></td>
  </tr>;
}, (before, after) => before.object === after.object && before.kind === after.kind && before.isMenuOpen === after.isMenuOpen);

/** One menu for all rows: a menu for each would cost more than the rows. */
function RowMenu({ kind, object, anchor, onChoose, onClose }:
  Opened & { kind: Kind; onChoose: (chosen: Chosen) => void; onClose: () => void }) {
  const { may } = useResources();
  const id = textOf(object, 'id');
  const choices = actionsFor(kind, textOf(object, 'status')).filter(({ permission }) => may(permission));
  return <Menu.Root open onOpenChange={(open) => !open && onClose()}>
    <Menu.Portal container={popupHome()}><Menu.Positioner className="positioner" anchor={anchor} align="end" sideOffset={4}>
      <Menu.Popup className="popup" aria-label={`Actions of ${textOf(object, 'name')}`} finalFocus={() => anchor}>
      <Menu.Item className="option" render={<PageLinkItem to={addresses.details(kind.name, id)} label="View details" />} />
      {kind.update && may(kind.update.permission) &&
        <Menu.Item className="option" render={<PageLinkItem to={addresses.edit(kind.name, id)} label="Edit" />} />}
      {choices.map((action) => <Menu.Item key={action.verb} className="option"
        onClick={() => onChoose({ action, object })}>{action.label}</Menu.Item>)}
      {kind.remove && may(kind.remove.permission) && <>
        <hr />
        <Menu.Item className="option danger" onClick={() => onChoose({ action: 'delete', object })}>
          Delete {kind.noun}</Menu.Item>
      </>}
      </Menu.Popup></Menu.Positioner></Menu.Portal>
  </Menu.Root>;
}

function PageLinkItem({ to, label, ...rest }: { to: string; label: string } & Record<string, unknown>) {
  return <PageLink to={to} {...rest}>{label}</PageLink>;
}

/** An empty list: nobody has created one yet, or the filters hide what there is. */
function Nothing({ kind, search, onSearch }: Omit<Props, 'kindName'> & { kind: Kind }) {
  const { may } = useResources();
  const isFiltered = filterOf(search) !== undefined;
  const hidden = useQuery({
    queryKey: ['resources', kind.name, 'count'], enabled: isFiltered,
    queryFn: ({ signal }) => send({ method: 'get', path: kind.path, query: { pageSize: '1', readMask: 'id' }, signal }),
  });
  const total = hidden.data?.data['totalSize'];
  if (search.page !== undefined)
    return <div className="card"><Empty title="This page is empty">
      <Button onClick={() => { const { page: _, ...rest } = search; onSearch(rest); }}>Go to the first page</Button>
    </Empty></div>;
  if (isFiltered)
    return <div className="card"><Empty title={`No ${kind.title.toLowerCase()} match`}>
      {typeof total === 'number' && total > 0 && <p>The filters hide {total.toLocaleString('en-US')} of them.</p>}
      <Button onClick={() => onSearch(search.sort === undefined ? {} : { sort: search.sort })}>Clear filters</Button>
    </Empty></div>;
  return <div className="card"><Empty title={`No ${kind.title.toLowerCase()} yet`}>
    <p>{kind.description}</p>
    {may(kind.create.permission) &&
      <PageLink className="button primary" to={addresses.create(kind.name)}>Create {kind.noun}</PageLink>}
    <a href={addresses.docs(kind.list.tag, kind.create.id)} target="_blank" rel="noreferrer">View API docs</a>
  </Empty></div>;
}

/** Pages that were left by "Next": their tokens, so that "Previous" finds them. */
const before = new Map<string, string | undefined>();

function Foot({ search, onSearch, result }: Omit<TableProps, 'result' | 'onRefresh'> & { result: Rows }) {
  const { page, ...rest } = search;
  const goNext = (): void => {
    before.set(result.next, page);
    onSearch({ ...rest, page: result.next });
  };
  const goBack = (): void => {
    const token = page === undefined ? undefined : before.get(page);
    onSearch(token === undefined ? rest : { ...rest, page: token });
  };
  return <div className="table-foot">
    <span>{result.total === undefined ? `${result.rows.length} shown`
      : `${result.rows.length} of ${result.total.toLocaleString('en-US')}`}</span>
    <label>Rows <select value={search.size ?? DEFAULT_SIZE} onChange={(event) => {
      const size = Number(event.target.value);
      const { size: _, ...others } = rest;
      onSearch(size === DEFAULT_SIZE ? others : { ...others, size });
    }}>{SIZES.map((size) => <option key={size} value={size}>{size}</option>)}</select></label>
    <span className="spread" />
    <Button className="compact" disabled={page === undefined} onClick={goBack}>Previous</Button>
    <Button className="compact" disabled={result.next === ''} onClick={goNext}>Next</Button>
  </div>;
}
