// One object: what it holds, what refers to it, and what was done with it.

import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Page } from '../shell/page';
import { LogTable } from '../ui/logs';
import type { LogLine } from '../ui/logs';
import { Failure, Waiting } from '../ui/states';
import { ActionDialog, Usage, actionsFor } from './actions.tsx';
import type { Chosen } from './actions.tsx';
import { addresses, textOf, useObject, useResources } from './context.tsx';
import type { JsonObject } from './document.ts';
import { draftOf } from './draft.ts';
import { NoKind } from './ListPage.tsx';
import { ENVELOPE, formOf } from './model.ts';
import type { Kind } from './model.ts';
import { send, withId } from './send.ts';
import { Button, PageLink, Pill, Time } from './ui.tsx';
import { Values } from './Values.tsx';

const SKIPPED: ReadonlySet<string> = new Set([...ENVELOPE, 'name', 'status']);

export function DetailsPage({ kindName, id }: { kindName: string; id: string }) {
  const kind = useResources().kinds.get(kindName);
  return kind ? <Details key={id} kind={kind} id={id} /> : <NoKind />;
}

export function crumbsOf(kind: Kind, object?: JsonObject) {
  const crumbs: { title: string; to?: string }[] =
    [{ title: 'Resources' }, { title: kind.title, to: addresses.list(kind.name) }];
  if (object) crumbs.push({ title: textOf(object, 'name'), to: addresses.details(kind.name, textOf(object, 'id')) });
  return crumbs;
}

function Details({ kind, id }: { kind: Kind; id: string }) {
  const query = useObject(kind, id);
  if (!query.data)
    return <Page title={kind.title} crumbs={crumbsOf(kind)}><div className="card">
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : <Waiting />}</div></Page>;
  const object = query.data.data;
  return <Page title={textOf(object, 'name')} crumbs={crumbsOf(kind)}
    actions={<Actions kind={kind} object={object} onDone={() => void query.refetch()} />}>
    <Overview kind={kind} object={object} />
    {kind.usage && <section className="card"><header><h2>Used by</h2></header>
      <div className="body"><Usage kind={kind} id={id} /></div></section>}
    {kind.activity && <Activity kind={kind} id={id} etag={textOf(object, 'etag')} />}
  </Page>;
}

function Actions({ kind, object, onDone }: { kind: Kind; object: JsonObject; onDone: () => void }) {
  const { may } = useResources();
  const [chosen, setChosen] = useState<Chosen | undefined>(undefined);
  const navigate = useNavigate();
  const done = (): void => {
    if (chosen?.action === 'delete') void navigate({ to: addresses.list(kind.name) as '/' });
    else onDone();
  };
  return <div className="row">
    {actionsFor(kind, textOf(object, 'status')).filter(({ permission }) => may(permission)).map((action) =>
      <Button key={action.verb} onClick={() => setChosen({ action, object })}>{action.label}</Button>)}
    {kind.remove && may(kind.remove.permission) &&
      <Button tone="danger-text" onClick={() => setChosen({ action: 'delete', object })}>Delete</Button>}
    {kind.update && may(kind.update.permission) &&
      <PageLink className="button primary" to={addresses.edit(kind.name, textOf(object, 'id'))}>Edit</PageLink>}
    {chosen && <ActionDialog kind={kind} chosen={chosen} onDone={done} onClose={() => setChosen(undefined)} />}
  </div>;
}

function Overview({ kind, object }: { kind: Kind; object: JsonObject }) {
  const { document } = useResources();
  const form = formOf(document, kind.schema);
  const status = textOf(object, 'status');
  const secrets = Object.entries((object['secretsSet'] ?? {}) as JsonObject);
  return <section className="card">
    <header><h2>Overview</h2>
      {status !== '' && <Pill status={status} label={kind.statuses.find(({ value }) => value === status)?.label ?? status} />}
    </header>
    <div className="body">
      <Values form={form} draft={draftOf(document, form, object)} skip={SKIPPED} />
      <dl className="values values-record">
        <div className="value"><dt>Created</dt><dd><Time value={textOf(object, 'createTime')} exact /> by{' '}
          <code>{textOf(object, 'createdBy')}</code></dd></div>
        <div className="value"><dt>Last updated</dt><dd><Time value={textOf(object, 'updateTime')} exact /></dd></div>
        <div className="value"><dt>ID</dt><dd><code>{textOf(object, 'id')}</code></dd></div>
        {secrets.map(([path, time]) => <div className="value" key={path}><dt><code>{path}</code></dt>
          <dd>Set on <Time value={String(time)} exact /></dd></div>)}
      </dl>
    </div>
  </section>;
}

function Activity({ kind, id, etag }: { kind: Kind; id: string; etag: string }) {
  const query = useQuery({
    queryKey: ['resources', kind.name, 'activity', id, etag],
    queryFn: ({ signal }) => send({ method: 'get', path: withId(kind.activity?.path ?? '', id), signal,
      query: { pageSize: '20' } }),
  });
  const lines = Object.values(query.data?.data ?? {}).find(Array.isArray) as LogLine[] | undefined;
  return <section className="card table-card"><header><h2>Activity Logs</h2></header>
    {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} />
      : <LogTable label="Activity Logs" lines={lines} />}
  </section>;
}
