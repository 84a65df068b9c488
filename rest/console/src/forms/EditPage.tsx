// Edits an object: only what changed is sent, and only if the object is still as it was read. When it is not, both
// versions stand beside each other, and the reader keeps theirs or takes the other.

import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { isStatus } from '../api/problem';
import { Page } from '../shell/page';
import { ConflictDialog } from '../ui/conflict';
import { Failure, Waiting } from '../ui/states';
import { say } from '../ui/toast';
import { addresses, objectKey, textOf, useObject, useResources } from './context.tsx';
import { Lacking } from './CreatePage.tsx';
import { crumbsOf } from './DetailsPage.tsx';
import type { JsonObject } from './document.ts';
import { bodyOf, draftOf, isSame, liveFields, patchOf } from './draft.ts';
import type { Group } from './draft.ts';
import { focusFirstProblem, useForm } from './form.tsx';
import { FormFields, showRefusal, useKeepWork, useWait } from './FormPage.tsx';
import { NoKind } from './ListPage.tsx';
import { formOf } from './model.ts';
import type { Field, Form, Kind } from './model.ts';
import { send, withId } from './send.ts';
import type { Answer } from './send.ts';
import { Button, PageLink } from './ui.tsx';
import { FieldValue } from './Values.tsx';

export function EditPage({ kindName, id }: { kindName: string; id: string }) {
  const { kinds, may } = useResources();
  const kind = kinds.get(kindName);
  if (!kind?.update) return <NoKind />;
  if (!may(kind.update.permission)) return <Lacking kind={kind} permission={kind.update.permission ?? ''} />;
  return <Loaded key={id} kind={kind} id={id} />;
}

function Loaded({ kind, id }: { kind: Kind; id: string }) {
  const query = useObject(kind, id);
  // The form begins with what was first read; a refetch does not change it under the reader's hands.
  const first = useRef<Answer>(undefined);
  first.current ??= query.isFetching ? undefined : query.data;
  if (!first.current)
    return <Page title={`Edit ${kind.noun}`} crumbs={crumbsOf(kind)}><div className="card">
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : <Waiting />}</div></Page>;
  return <Edit kind={kind} id={id} first={first.current} />;
}

/** Its own actions change the status, so that no form does. */
function skippedIn(kind: Kind): ReadonlySet<string> {
  return new Set(kind.actions.some(({ verb }) => verb !== 'clone') && kind.statuses.length > 0 ? ['status'] : []);
}

function useEdit(kind: Kind, id: string, first: Answer) {
  const { document } = useResources();
  const client = useQueryClient();
  const navigate = useNavigate();
  const form = formOf(document, kind.update?.input ?? '');
  const [base, setBase] = useState(first);
  const [error, setError] = useState<unknown>(undefined);
  const [isBusy, setBusy] = useState(false);
  const [theirs, setTheirs] = useState<Answer | undefined>(undefined);
  const secretsSet = base.data['secretsSet'] as JsonObject | undefined;
  const state = useForm(document, form, { isEdit: true, initial: draftOf(document, form, first.data), secretsSet });
  const before = bodyOf(document, form, draftOf(document, form, base.data));
  const patch = patchOf(document, form, before, state.body());
  const path = withId(kind.update?.path ?? '', id);

  const write = async (etag: string | undefined): Promise<void> => {
    const request = { method: 'patch', path, body: patch.body, ifMatch: etag } as const;
    const { data, etag: newTag } = await send({ ...request, query: { updateMask: patch.mask.join(',') } });
    client.setQueryData(objectKey(kind, id), { data, etag: newTag });
    say(`The ${kind.noun} "${textOf(data, 'name') || textOf(base.data, 'name')}" was saved.`);
    await navigate({ to: addresses.details(kind.name, id) as '/' });
    await client.invalidateQueries({ queryKey: ['resources', kind.name] });
  };
  const save = async (etag: string | undefined): Promise<void> => {
    if (isBusy) return;
    if (!state.check()) return focusFirstProblem();
    if (patch.mask.length === 0) return void await navigate({ to: addresses.details(kind.name, id) as '/' });
    setBusy(true);
    setError(undefined);
    try {
      await write(etag);
    } catch (caught) {
      if (isStatus(caught, 412))
        setTheirs(await send({ method: 'get', path: withId(kind.get.path, id) }).catch((failed: unknown) => {
          setError(failed);
          return undefined;
        }));
      else if (!showRefusal(state, caught)) { setError(caught); focusFirstProblem(); }
    } finally {
      setBusy(false);
    }
    return undefined;
  };
  const takeTheirs = (): void => {
    if (!theirs) return;
    setBase(theirs);
    state.reset(draftOf(document, form, theirs.data));
    setTheirs(undefined);
  };
  const keepMine = (): void => {
    const etag = theirs?.etag;
    setTheirs(undefined);
    void save(etag);
  };
  return { form, base, state, patch, error, isBusy, theirs, setTheirs, save, takeTheirs, keepMine };
}

function Edit({ kind, id, first }: { kind: Kind; id: string; first: Answer }) {
  const edit = useEdit(kind, id, first);
  const wait = useWait(edit.error);
  useKeepWork(edit.patch.mask.length > 0);
  return <Page title={`Edit ${kind.noun}`} crumbs={crumbsOf(kind, edit.base.data)}>
    <form className="card form" noValidate aria-label={`Edit ${kind.noun}`} onSubmit={(event) => {
      event.preventDefault();
      void edit.save(edit.base.etag);
    }}>
      <div className="body form-fields"><FormFields state={edit.state} skip={skippedIn(kind)} error={edit.error} /></div>
      <footer className="form-footer">
        <span className="muted">{edit.patch.mask.length === 0 ? 'Nothing is changed.'
          : `Changed: ${edit.patch.mask.join(', ')}`}</span>
        <span className="spread" />
        <PageLink className="button quiet" to={addresses.details(kind.name, id)}>Cancel</PageLink>
        <Button type="submit" tone="primary" disabled={edit.isBusy || wait > 0}>
          {wait > 0 ? `Wait ${wait} s` : 'Save changes'}</Button>
      </footer>
    </form>
    {edit.theirs && <Conflict kind={kind} id={id} form={edit.form} mine={edit.state.draft} theirs={edit.theirs}
      onKeep={edit.keepMine} onTake={edit.takeTheirs} onClose={() => edit.setTheirs(undefined)} />}
  </Page>;
}

interface ConflictProps {
  readonly kind: Kind;
  readonly id: string;
  readonly form: Form;
  readonly mine: Group;
  readonly theirs: Answer;
  readonly onKeep: () => void;
  readonly onTake: () => void;
  readonly onClose: () => void;
}

function Conflict({ kind, form, mine, theirs, onKeep, onTake, onClose }: ConflictProps) {
  const { document } = useResources();
  const other = draftOf(document, form, theirs.data);
  const [my, their] = [bodyOf(document, form, mine), bodyOf(document, form, other)];
  const shown = form.fields.filter((field) => !isSame(my[field.name], their[field.name]));
  const isLive = (draft: Group, name: string): boolean => liveFields(form, draft).some((field) => field.name === name);
  const value = (field: Field, of: Group) =>
    <FieldValue field={field} draft={isLive(of, field.name) ? of[field.name] : undefined} />;
  return <ConflictDialog title={`The ${kind.noun} was changed meanwhile`} time={textOf(theirs.data, 'updateTime')}
    etag={textOf(theirs.data, 'etag')} history={`${withId(kind.activity?.path ?? '', textOf(theirs.data, 'id'))}?pageSize=10`}
    differences={shown.map((field) => ({ title: field.label, mine: value(field, mine), theirs: value(field, other) }))}
    onMine={onKeep} onTheirs={onTake} onClose={onClose} />;
}
