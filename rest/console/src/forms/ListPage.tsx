// The objects of one kind: searched, filtered, ordered and paged by the server; all of it is in the address.

import { Menu } from '@base-ui/react/menu';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useMemo, useState } from 'react';
import { Page } from '../shell/page';
import { List, NoMatch, StatusFilter } from '../ui/list';
import type { Column } from '../ui/list';
import { FIRST_PAGE, fillPage } from '../ui/liststate.ts';
import type { Change, ListState, Rows } from '../ui/liststate.ts';
import { Empty } from '../ui/states';
import { ActionDialog, actionsFor } from './actions.tsx';
import type { Chosen } from './actions.tsx';
import { enumColumns, filterOf } from './columns.ts';
import { addresses, textOf, useResources } from './context.tsx';
import type { Document, Json, JsonObject } from './document.ts';
import type { Kind } from './model.ts';
import { send } from './send.ts';
import { PageLink, Pill, Time } from './ui.tsx';

function objectsIn(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value as JsonObject[] : [];
}

function fetchRows(kind: Kind, search: ListState, signal: AbortSignal): Promise<Rows<JsonObject>> {
  return fillPage(search, async (count, token) => {
    const { data } = await send({ method: 'get', path: kind.path, signal, query: {
      pageSize: String(count), pageToken: token || undefined, filter: filterOf(search), orderBy: search.order,
    } });
    const total = data['totalSize'];
    return { rows: objectsIn(data[kind.listKey]), next: textOf(data, 'nextPageToken'),
      total: typeof total === 'number' ? total : undefined };
  });
}

interface Props {
  readonly kind: Kind;
  readonly search: ListState;
  readonly change: Change<ListState>;
}

export function ListPage({ kindName, ...rest }: Omit<Props, 'kind'> & { kindName: string }) {
  const kind = useResources().kinds.get(kindName);
  if (!kind) return <NoKind />;
  return <KindList key={kind.name} kind={kind} {...rest} />;
}

export function NoKind() {
  return <Page title="Not found" crumbs={[]}>
    <div className="card"><div className="empty"><p>There is no such kind of resource.</p></div></div>
  </Page>;
}

function columnsOf(document: Document, kind: Kind): Column<JsonObject>[] {
  const sorted = (name: string): string | undefined => (kind.sortable.includes(name) ? name : undefined);
  const labelOf = (status: string): string => kind.statuses.find(({ value }) => value === status)?.label ?? status;
  const status: Column<JsonObject> = { name: 'status', title: 'Status', field: sorted('status'), look: 'fixed',
    cell: (object) => <Pill status={textOf(object, 'status')} label={labelOf(textOf(object, 'status'))} /> };
  return [
    { name: 'name', title: 'Name', field: sorted('name'), look: 'name', cell: (object) =>
      <PageLink to={addresses.details(kind.name, textOf(object, 'id'))}><bdi>{textOf(object, 'name')}</bdi></PageLink> },
    { name: 'description', title: 'Description', look: 'text', cell: (object) =>
      <bdi title={textOf(object, 'description')}>{textOf(object, 'description')}</bdi> },
    ...(kind.statuses.length > 0 ? [status] : []),
    ...enumColumns(document, kind).map((field): Column<JsonObject> => ({ name: `field ${field.name}`, title: field.label,
      field: sorted(field.name), look: 'fixed',
      cell: (object) => field.choices.find(({ value }) => value === object[field.name])?.label ?? '' })),
    { name: 'updateTime', title: 'Last updated', field: sorted('updateTime'), look: 'fixed', cell: (object) =>
      <Time value={textOf(object, 'updateTime')} /> },
  ];
}

function KindList({ kind, search, change }: Props) {
  const { document, may } = useResources();
  const [chosen, setChosen] = useState<Chosen | undefined>(undefined);
  const query = useQuery({
    queryKey: ['resources', kind.name, 'list', search], placeholderData: keepPreviousData,
    queryFn: ({ signal }) => fetchRows(kind, search, signal),
  });
  const columns = useMemo(() => columnsOf(document, kind), [document, kind]);
  const statuses = kind.statuses.map(({ value, label }) => ({ value, title: label }));
  return <Page title={kind.title} crumbs={[{ title: 'Resources' }]}>
    <List label={kind.title} state={search} change={change} query={query} columns={columns} keyOf={(object) => textOf(object, 'id')}
      menu={{ nameOf: (object) => textOf(object, 'name'),
        items: (object) => <RowActions kind={kind} object={object} onChoose={setChosen} /> }}
      filters={statuses.length > 0 && <StatusFilter choices={statuses} value={search.status}
        onChange={(status) => change({ status, ...FIRST_PAGE })} />}
      empty={<Nothing kind={kind} search={search} change={change} />}
      create={may(kind.create.permission) && <PageLink className="button primary" to={addresses.create(kind.name)}>
        <Plus aria-hidden="true" />Create {kind.noun}</PageLink>} />
    {chosen && <ActionDialog kind={kind} chosen={chosen} onDone={() => void query.refetch()} onClose={() => setChosen(undefined)} />}
  </Page>;
}

function RowActions({ kind, object, onChoose }: { kind: Kind; object: JsonObject; onChoose: (chosen: Chosen) => void }) {
  const { may } = useResources();
  const id = textOf(object, 'id');
  const choices = actionsFor(kind, textOf(object, 'status')).filter(({ permission }) => may(permission));
  return <>
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
  </>;
}

function PageLinkItem({ to, label, ...rest }: { to: string; label: string } & Record<string, unknown>) {
  return <PageLink to={to} {...rest}>{label}</PageLink>;
}

/** An empty list: nobody has created one yet, or the filters hide what there is. */
function Nothing({ kind, search, change }: Props) {
  const { may } = useResources();
  const isFiltered = filterOf(search) !== undefined;
  const hidden = useQuery({
    queryKey: ['resources', kind.name, 'count'], enabled: isFiltered,
    queryFn: ({ signal }) => send({ method: 'get', path: kind.path, query: { pageSize: '1', readMask: 'id' }, signal }),
  });
  const total = hidden.data?.data['totalSize'];
  if (isFiltered)
    return <NoMatch title={`No ${kind.title.toLowerCase()} match`}
      hidden={typeof total === 'number' && total > 0 ? `The filters hide ${total.toLocaleString('en')} of them.` : undefined}
      onClear={() => change({ search: undefined, status: undefined, ...FIRST_PAGE })} />;
  return <Empty title={`No ${kind.title.toLowerCase()} yet`}>
    <p>{kind.description}</p>
    {may(kind.create.permission) &&
      <PageLink className="button primary" to={addresses.create(kind.name)}>Create {kind.noun}</PageLink>}
    <a href={addresses.docs(kind.list.tag, kind.create.id)} target="_blank" rel="noreferrer">View API docs</a>
  </Empty>;
}
