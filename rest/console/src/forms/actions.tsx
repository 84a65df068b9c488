// What can be done with an object beside editing it: the actions of its kind, and deleting it. Each asks first where it
// cannot be taken back, is sent with the ETag, and names the object.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { isStatus, messageOf } from '../api/problem';
import { ModalDialog } from '../ui/dialog';
import { TextField } from '../ui/field';
import { say } from '../ui/toast';
import { addresses, textOf, useResources } from './context.tsx';
import type { JsonObject } from './document.ts';
import { formOf } from './model.ts';
import type { Action, Kind } from './model.ts';
import { newKey, send, violationsOf, withId } from './send.ts';
import { ShownOnce, shownOnceIn } from './ShownOnce.tsx';
import { Button, PageLink } from './ui.tsx';

export interface Chosen {
  readonly action: Action | 'delete';
  readonly object: JsonObject;
}

/** The states in which an action does something; an action that is not named always does. */
const WHERE: { readonly [verb: string]: (status: string) => boolean } = {
  enable: (status) => status !== 'ENABLED',
  disable: (status) => status !== 'DISABLED',
  activate: (status) => status !== 'ACTIVE',
  deactivate: (status) => status === 'ACTIVE',
};

export function actionsFor(kind: Kind, status: string): Action[] {
  return kind.actions.filter(({ verb }) => WHERE[verb]?.(status) ?? true);
}

interface Props {
  readonly kind: Kind;
  readonly chosen: Chosen;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

export function ActionDialog(props: Props) {
  const { action } = props.chosen;
  if (action === 'delete') return <DeleteDialog {...props} />;
  return action.verb === 'clone' ? <CloneDialog {...props} action={action} /> : <RunDialog {...props} action={action} />;
}

/** What refers to an object, so far as the reader may see it, as links. */
export function Usage({ kind, id }: { kind: Kind; id: string }) {
  const { kinds } = useResources();
  const path = kind.usage?.path;
  const query = useQuery({
    queryKey: ['resources', kind.name, 'usage', id], enabled: path !== undefined,
    queryFn: ({ signal }) => send({ method: 'get', path: withId(path ?? '', id), signal }),
  });
  const users = (query.data?.data['usedBy'] ?? []) as JsonObject[];
  const hidden = Number(query.data?.data['hiddenCount'] ?? 0);
  if (query.isPending) return <span className="skeleton" aria-hidden="true" />;
  if (query.isError) return <p className="muted">{messageOf(query.error)}</p>;
  if (users.length === 0 && hidden === 0) return <p className="muted">Nothing refers to this {kind.noun}.</p>;
  return <ul className="usage">
    {users.map((user) => {
      const other = kinds.get(textOf(user, 'kind'));
      return <li key={textOf(user, 'id')}><span className="muted">{other?.noun ?? textOf(user, 'kind')}</span>{' '}
        <PageLink to={addresses.details(textOf(user, 'kind'), textOf(user, 'id'))}>
          <bdi>{textOf(user, 'name')}</bdi></PageLink></li>;
    })}
    {hidden > 0 && <li className="muted">and {hidden} that you may not see</li>}
    {textOf(query.data.data, 'nextPageToken') !== '' && <li className="muted">and more</li>}
  </ul>;
}

function useForget(kind: Kind) {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ['resources', kind.name] });
}

function etagOf(object: JsonObject): string | undefined {
  const etag = textOf(object, 'etag');
  return etag === '' ? undefined : `"${etag.replace(/^"|"$/g, '')}"`;
}

function DeleteDialog({ kind, chosen, onDone, onClose }: Props) {
  const { object } = chosen;
  const [error, setError] = useState<unknown>(undefined);
  const [isBusy, setBusy] = useState(false);
  const cancel = useRef<HTMLButtonElement>(null);
  const client = useQueryClient();
  const id = textOf(object, 'id');
  const isUsed = isStatus(error, 409) || isStatus(error, 400);
  const remove = async (): Promise<void> => {
    setBusy(true);
    try {
      await send({ method: 'delete', path: withId(kind.remove?.path ?? '', id), ifMatch: etagOf(object) });
      say(`The ${kind.noun} "${textOf(object, 'name')}" was deleted.`);
      onClose();
      onDone();
      // Not its details, which are gone.
      await client.invalidateQueries({ queryKey: ['resources', kind.name, 'list'] });
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return <ModalDialog title={`Delete ${kind.noun}`} onClose={onClose} initialFocus={cancel}>
    <p>The {kind.noun} <b><bdi>{textOf(object, 'name')}</bdi></b> is deleted for good. Its history stays readable.</p>
    {error !== undefined && <div className="banner danger" role="alert"><div>
      <p>{isStatus(error, 412) ? 'The object has changed since you read it. Close this and look at it again.'
        : messageOf(error)}</p>
      {isUsed && <Usage kind={kind} id={id} />}
    </div></div>}
    <footer>
      <button type="button" className="button" ref={cancel} onClick={onClose}>Cancel</button>
      <Button tone="danger" disabled={isBusy || isUsed} onClick={() => void remove()}>Delete {kind.noun}</Button>
    </footer>
  </ModalDialog>;
}

function CloneDialog({ kind, chosen, action, onDone, onClose }: Props & { action: Action }) {
  const { object } = chosen;
  const [name, setName] = useState(`${textOf(object, 'name')} copy`.slice(0, 128));
  const [error, setError] = useState<unknown>(undefined);
  const [key, setKey] = useState(newKey);
  const navigate = useNavigate();
  const forget = useForget(kind);
  const clone = async (): Promise<void> => {
    try {
      const { data } = await send({ method: 'post', path: withId(action.path, textOf(object, 'id')), body: { name },
        idempotencyKey: key });
      onClose();
      onDone();
      await forget();
      say(`The ${kind.noun} "${name}" was created.`);
      await navigate({ to: addresses.details(kind.name, textOf(data, 'id')) as '/' });
    } catch (caught) {
      setError(caught);
    }
  };
  const problem = violationsOf(error).find(({ path }) => path === 'name');
  return <ModalDialog title={`Clone ${kind.noun}`} onClose={onClose}>
    <form className="stack" onSubmit={(event) => { event.preventDefault(); void clone(); }}>
      <p>{action.summary}.</p>
      <TextField label="Name of the copy" value={name} error={problem && `Name ${problem.text}`}
        onChange={(event) => { setName(event.target.value); setKey(newKey()); }} />
      {error !== undefined && !problem && <p className="banner danger" role="alert">{messageOf(error)}</p>}
      <footer>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" tone="primary">Clone {kind.noun}</Button>
      </footer>
    </form>
  </ModalDialog>;
}

/** An action without a form: it asks once, and shows what is shown once. */
function RunDialog({ kind, chosen, action, onDone, onClose }: Props & { action: Action }) {
  const { document } = useResources();
  const { object } = chosen;
  const [error, setError] = useState<unknown>(undefined);
  const [answer, setAnswer] = useState<JsonObject | undefined>(undefined);
  const [key] = useState(newKey);
  const cancel = useRef<HTMLButtonElement>(null);
  const forget = useForget(kind);
  const run = async (): Promise<void> => {
    try {
      const { data } = await send({ method: 'post', path: withId(action.path, textOf(object, 'id')), body: {},
        ifMatch: etagOf(object), idempotencyKey: key });
      onDone();
      await forget();
      if (shownOnceIn(formOf(document, kind.schema), data).length > 0) setAnswer(data);
      else onClose();
      say(`${action.label}: done for "${textOf(object, 'name')}".`);
    } catch (caught) {
      setError(caught);
    }
  };
  if (answer)
    return <ModalDialog title={action.label} onClose={onClose}>
      {shownOnceIn(formOf(document, kind.schema), answer).map((field) => <ShownOnce key={field.name} label={field.label}
        name={textOf(answer, 'name')} value={textOf(answer, field.name)} onDone={onClose} />)}
    </ModalDialog>;
  return <ModalDialog title={`${action.label}: ${kind.noun}`} onClose={onClose} initialFocus={cancel}>
    <p><b><bdi>{textOf(object, 'name')}</bdi></b>: {effectOf(kind, action)}</p>
    {error !== undefined && <p className="banner danger" role="alert">{messageOf(error)}</p>}
    <footer>
      <button type="button" className="button" ref={cancel} onClick={onClose}>Cancel</button>
      <Button tone="primary" onClick={() => void run()}>{action.label}</Button>
    </footer>
  </ModalDialog>;
}

const RESULT: { readonly [verb: string]: string } =
  { enable: 'ENABLED', disable: 'DISABLED', activate: 'ACTIVE', deactivate: 'PASSIVE' };

/** What the status means that the action leads to, in the contract's words; else the action's own summary. */
function effectOf(kind: Kind, action: Action): string {
  const wanted = RESULT[action.verb];
  const found = kind.statuses.find(({ value }) => value === wanted || (wanted === 'PASSIVE' && value === 'INACTIVE'));
  return found?.description || `${action.summary}.`;
}
