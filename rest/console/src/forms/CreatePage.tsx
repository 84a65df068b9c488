// Creates an object in two steps: its settings, then a review with the API Preview. Keys that are shown once follow.

import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Check } from 'lucide-react';
import { useState } from 'react';
import { isStatus } from '../api/problem';
import { Page } from '../shell/page';
import { say } from '../ui/toast';
import { addresses, textOf, useResources } from './context.tsx';
import { crumbsOf } from './DetailsPage.tsx';
import type { JsonObject } from './document.ts';
import { useForm, focusFirstProblem } from './form.tsx';
import { FormFields, Summary, showRefusal, useKeepWork, useWait } from './FormPage.tsx';
import { NoKind } from './ListPage.tsx';
import { formOf } from './model.ts';
import type { Kind } from './model.ts';
import { Preview } from './Preview.tsx';
import { newKey, send } from './send.ts';
import { ShownOnce, shownOnceIn } from './ShownOnce.tsx';
import { Button, PageLink } from './ui.tsx';
import { Values } from './Values.tsx';

export function CreatePage({ kindName }: { kindName: string }) {
  const { kinds, may } = useResources();
  const kind = kinds.get(kindName);
  if (!kind) return <NoKind />;
  if (!may(kind.create.permission)) return <Lacking kind={kind} permission={kind.create.permission ?? ''} />;
  return <Create key={kind.name} kind={kind} />;
}

export function Lacking({ kind, permission }: { kind: Kind; permission: string }) {
  return <Page title={kind.title} crumbs={crumbsOf(kind)}><div className="card"><div className="empty">
    <h2>Your role does not permit this</h2>
    <p>The permission <code>{permission}</code> is required. Ask somebody who may edit roles.</p>
  </div></div></Page>;
}

type Step = 'settings' | 'review' | 'save';

function Steps({ step, hasSave, onGo }: { step: Step; hasSave: boolean; onGo: (step: Step) => void }) {
  const steps: [Step, string][] = [['settings', 'Settings'], ['review', 'Review']];
  if (hasSave) steps.push(['save', 'Save']);
  const current = steps.findIndex(([name]) => name === step);
  return <ol className="form-steps">{steps.map(([name, label], index) => {
    const isDone = index < current;
    const mark = <span className="form-step-mark" aria-hidden="true">{isDone ? <Check /> : index + 1}</span>;
    return <li key={name} className={index === current ? 'form-step current' : isDone ? 'form-step done' : 'form-step'}
      aria-current={index === current ? 'step' : undefined}>
      {isDone && step !== 'save' ? <button type="button" onClick={() => onGo(name)}>{mark}{label}</button>
        : <>{mark}<span>{label}</span></>}
    </li>;
  })}</ol>;
}

function useCreate(kind: Kind) {
  const { document } = useResources();
  const client = useQueryClient();
  const navigate = useNavigate();
  const state = useForm(document, formOf(document, kind.create.input ?? ''), { isEdit: false, initial: {} });
  const [step, setStep] = useState<Step>('settings');
  const [error, setError] = useState<unknown>(undefined);
  const [isBusy, setBusy] = useState(false);
  const [key, setKey] = useState(newKey);
  const [created, setCreated] = useState<JsonObject | undefined>(undefined);

  const fail = (caught: unknown): void => {
    const isPlaced = showRefusal(state, caught);
    setError(isPlaced && !isStatus(caught, 409) ? undefined : caught);
    setStep(isPlaced || step === 'settings' ? 'settings' : 'review');
    setKey(newKey());
    if (!isPlaced) focusFirstProblem();
  };
  const run = async (work: () => Promise<void>): Promise<void> => {
    if (isBusy) return;
    setBusy(true);
    setError(undefined);
    try {
      await work();
    } catch (caught) {
      fail(caught);
    } finally {
      setBusy(false);
    }
  };
  const review = (): Promise<void> => run(async () => {
    if (!state.check()) return focusFirstProblem();
    await send({ method: 'post', path: kind.create.path, query: { validateOnly: 'true' }, body: state.body() });
    setStep('review');
    window.scrollTo(0, 0);
  });
  const create = (): Promise<void> => run(async () => {
    const { data } = await send({ method: 'post', path: kind.create.path, body: state.body(), idempotencyKey: key });
    await client.invalidateQueries({ queryKey: ['resources', kind.name] });
    say(`The ${kind.noun} "${textOf(data, 'name')}" was created.`);
    if (shownOnceIn(formOf(document, kind.schema), data).length === 0)
      await navigate({ to: addresses.details(kind.name, textOf(data, 'id')) as '/' });
    else {
      setCreated(data);
      setStep('save');
    }
  });
  return { state, step, setStep, error, isBusy, created, review, create };
}

function Create({ kind }: { kind: Kind }) {
  const { document } = useResources();
  const { state, step, setStep, error, isBusy, created, review, create } = useCreate(kind);
  const navigate = useNavigate();
  const wait = useWait(error);
  const hasSave = formOf(document, kind.schema).fields.some(({ shownOnce }) => shownOnce);
  useKeepWork(created === undefined && Object.keys(state.draft).length > 0);
  const finish = (): void => {
    void navigate({ to: addresses.details(kind.name, textOf(created ?? {}, 'id')) as '/' });
  };
  const submit = wait > 0 ? `Wait ${wait} s` : step === 'settings' ? 'Next' : `Create ${kind.noun}`;
  return <Page title={`Create ${kind.noun}`} crumbs={crumbsOf(kind)}>
    <div className="form-wizard">
      <Steps step={step} hasSave={hasSave} onGo={setStep} />
      {step === 'save' && created ? <div className="card"><div className="body stack">
        {shownOnceIn(formOf(document, kind.schema), created).map((field) => <ShownOnce key={field.name} onDone={finish}
          label={field.label} name={textOf(created, 'name')} value={textOf(created, field.name)} />)}
      </div></div>
        : <form className="card form" noValidate aria-label={`Create ${kind.noun}`} onSubmit={(event) => {
          event.preventDefault();
          void (step === 'settings' ? review() : create());
        }}>
          {step === 'settings' ? <div className="body form-fields">
            <p className="muted">{kind.description}</p><FormFields state={state} error={error} /></div>
            : <div className="body stack">
              <div className="row"><h2 className="spread">Review</h2>
                <Button onClick={() => setStep('settings')}>Edit</Button>
                <Preview kind={kind} body={state.body} /></div>
              <Summary state={state} error={error} />
              <Values form={state.form} draft={state.draft} />
            </div>}
          <footer className="form-footer">
            {step === 'review' && <Button onClick={() => setStep('settings')}>Back</Button>}
            {step === 'settings' && <Preview kind={kind} body={state.body} />}
            <span className="spread" />
            <PageLink className="button quiet" to={addresses.list(kind.name)}>Cancel</PageLink>
            <Button type="submit" tone="primary" disabled={isBusy || wait > 0}>{submit}</Button>
          </footer>
        </form>}
    </div>
  </Page>;
}
