// The fields of a form, as the model says; nothing here knows a kind.

import { useId } from 'react';
import type { ReactNode } from 'react';
import { useResources } from './context.tsx';
import { choiceKey, isGroup, listOf } from './draft.ts';
import type { Draft, Group } from './draft.ts';
import { elementId, useFormState } from './form.tsx';
import { CodeInput, EnumInput, LongTextInput, MapInput, NumberInput, SecretInput, SwitchInput, TextInput, TimeInput }
  from './inputs.tsx';
import type { InputProps } from './inputs.tsx';
import { formOf } from './model.ts';
import type { Field, Form, GroupField, ListField, Oneof } from './model.ts';
import { ReferenceInput } from './ReferenceInput.tsx';
import { pathOf } from './rules.ts';
import { FieldError } from '../ui/field';
import { Button, Prose } from './ui.tsx';
import { FieldValue } from './Values.tsx';

/** The fields of one group, in order; a choice stands where its first member would. */
export function Fields({ form, draft, path, skip }:
  { form: Form; draft: Group; path: string; skip?: ReadonlySet<string> | undefined }) {
  const started = new Set<number>();
  return <>{form.fields.map((field) => {
    if (skip?.has(field.name)) return null;
    if (field.oneof === undefined)
      return <FieldRow key={field.name} field={field} draft={draft[field.name]} path={pathOf(path, field.name)} />;
    if (started.has(field.oneof)) return null;
    started.add(field.oneof);
    const oneof = form.oneofs.find(({ index }) => index === field.oneof);
    return oneof && <Choice key={field.name} form={form} oneof={oneof} draft={draft} path={path} />;
  })}</>;
}

function Choice({ form, oneof, draft, path }: { form: Form; oneof: Oneof; draft: Group; path: string }) {
  const { set, problems } = useFormState();
  const name = useId();
  const key = pathOf(path, choiceKey(oneof));
  const chosen = draft[choiceKey(oneof)];
  const members = oneof.members.flatMap((member) => form.fields.find((field) => field.name === member) ?? []);
  const field = members.find((member) => member.name === chosen);
  return <fieldset className="form-choice" id={elementId(key)}>
    <legend className="label">{path === '' && members.length > 3 ? 'Type' : 'One of'}</legend>
    <div className="cards">
      <ChoiceCard name={name} isChosen={field === undefined} title="None" detail="Nothing of these is set."
        onChoose={() => set(key, undefined)} />
      {members.map((member) => <ChoiceCard key={member.name} name={name} isChosen={member === field} title={member.label}
        detail={member.hint} onChoose={() => set(key, member.name)} />)}
    </div>
    {field && <div className="chosen">
      <FieldRow field={field} draft={draft[field.name]} path={pathOf(path, field.name)} isChosen />
      {field.type === 'group' && <FieldError>{problems.get(pathOf(path, field.name))}</FieldError>}
    </div>}
  </fieldset>;
}

function ChoiceCard({ name, isChosen, title, detail, onChoose }:
  { name: string; isChosen: boolean; title: string; detail: string; onChoose: () => void }) {
  const id = useId();
  return <label className="choice-card">
    <input type="radio" name={name} checked={isChosen} onChange={onChoose} aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-detail`} />
    <span className="choice-text"><b id={`${id}-title`}>{title}</b>
      <span className="muted" id={`${id}-detail`}><Prose text={detail} /></span></span>
  </label>;
}

interface RowProps {
  readonly field: Field;
  readonly draft: Draft;
  readonly path: string;
  readonly isChosen?: boolean;
}

/** One field with its label, hint and problem. */
export function FieldRow({ field, draft, path, isChosen = false }: RowProps) {
  const { problems, isEdit } = useFormState();
  const problem = problems.get(path);
  if (isEdit && field.immutable) return <Fixed field={field} draft={draft} />;
  if (field.type === 'group')
    return <GroupRow field={field} draft={draft} path={path} isChosen={isChosen} problem={problem} />;
  if (field.type === 'list' && field.item.type !== 'reference')
    return <ListRow field={field} draft={draft} path={path} problem={problem} />;
  return <Labelled field={field} path={path} problem={problem} hasLabel={field.type !== 'switch'}>
    <Input field={field} draft={draft} path={path} problem={problem} />
  </Labelled>;
}

function Fixed({ field, draft }: { field: Field; draft: Draft }) {
  return <div className="field">
    <span className="label">{field.label}</span>
    <div className="fixed"><FieldValue field={field} draft={draft} /></div>
    <p className="hint"><Prose text={field.hint} /></p>
  </div>;
}

/** Fields whose label belongs to a group of inputs rather than to one. */
function isManyInputs(field: Field): boolean {
  return field.type === 'map' || field.type === 'json' || field.type === 'yaml';
}

function Labelled({ field, path, problem, hasLabel, children }:
  { field: Field; path: string; problem: string | undefined; hasLabel: boolean; children: ReactNode }) {
  const id = elementId(path);
  const words = <>{field.label}{field.required && <span className="required" aria-hidden="true"> *</span>}</>;
  return <div className={`field${problem === undefined ? '' : ' field-wrong'}`}>
    {hasLabel && (isManyInputs(field) ? <span className="label">{words}</span>
      : <label className="label" htmlFor={id}>{words}</label>)}
    {children}
    <FieldError id={`${id}-problem`}>{problem && `${field.label} ${problem}`}</FieldError>
    {field.hint !== '' && <p className="hint" id={`${id}-hint`}><Prose text={field.hint} /></p>}
  </div>;
}

function useInput<F extends Field>(field: F, draft: Draft, path: string, problem: string | undefined): InputProps<F> {
  const { set, leave } = useFormState();
  const id = elementId(path);
  const described = [problem === undefined ? '' : `${id}-problem`, field.hint === '' ? '' : `${id}-hint`]
    .filter((part) => part !== '').join(' ');
  return {
    field, value: draft, problem,
    wiring: { id, 'aria-describedby': described === '' ? undefined : described, 'aria-invalid': problem !== undefined,
      'aria-required': field.required },
    onChange: (value) => set(path, value),
    onLeave: (value) => leave(path, field, value),
  };
}

function Input({ field, draft, path, problem }:
  { field: Field; draft: Draft; path: string; problem: string | undefined }) {
  const { secretsSet } = useFormState();
  const input = useInput(field, draft, path, problem);
  switch (field.type) {
    case 'text': return <TextInput {...input} field={field} />;
    case 'longText': return <LongTextInput {...input} field={field} />;
    case 'number': return <NumberInput {...input} field={field} />;
    case 'switch': return <SwitchInput {...input} field={field} label={field.label} />;
    case 'enum': return <EnumInput {...input} field={field} />;
    case 'time': return <TimeInput {...input} />;
    case 'secret': return <SecretInput {...input} field={field} setTime={secretsSet.get(path)} />;
    case 'map': return <MapInput {...input} field={field} label={field.label} />;
    case 'yaml': return <CodeInput {...input} language="yaml" label={field.label} />;
    case 'json': return <CodeInput {...input} language="json" label={field.label} />;
    case 'reference':
      return <ReferenceInput kindName={field.kind} ids={typeof draft === 'string' && draft !== '' ? [draft] : []}
        isMultiple={false} label={field.label} wiring={input.wiring} onLeave={() => input.onLeave(draft)}
        onChange={([id]) => input.onChange(id)} />;
    case 'list':
      return <ReferenceInput kindName={field.item.type === 'reference' ? field.item.kind : ''} isMultiple
        ids={listOf(draft).map(String)} label={field.label} wiring={input.wiring} onLeave={() => input.onLeave(draft)}
        onChange={(ids) => input.onChange(ids)} />;
    case 'group': return null;
  }
}

function GroupRow({ field, draft, path, isChosen, problem }:
  { field: GroupField; draft: Draft; path: string; isChosen: boolean; problem: string | undefined }) {
  const { document } = useResources();
  const { problems } = useFormState();
  const form = formOf(document, field.schema);
  const inner = <div className="group-fields"><Fields form={form} draft={isGroup(draft) ? draft : {}} path={path} /></div>;
  if (isChosen) return inner;
  const isWrong = [...problems.keys()].some((each) => each.startsWith(`${path}.`));
  return <details className="group" open={isWrong || isGroup(draft) || field.required || undefined}>
    <summary><span className="label">{field.label}</span> <span className="muted"><Prose text={field.hint} /></span></summary>
    <FieldError>{problem && `${field.label} ${problem}`}</FieldError>
    {inner}
  </details>;
}

/** Items of one value stand in rows, items of several fields in boxes. */
function ListRow({ field, draft, path, problem }:
  { field: ListField; draft: Draft; path: string; problem: string | undefined }) {
  const { set } = useFormState();
  const { document } = useResources();
  const items = listOf(draft);
  const { item } = field;
  const id = elementId(path);
  const remove = (index: number): void => set(path, items.filter((_, place) => place !== index));
  return <fieldset className={`list${problem === undefined ? '' : ' field-wrong'}`} aria-describedby={`${id}-hint`}>
    <legend className="label">{field.label}{field.required && <span className="required" aria-hidden="true"> *</span>}</legend>
    {items.map((each, index) => item.type === 'group'
      ? <div className="list-box" key={index} role="group" aria-label={`${item.label} ${index + 1}`}>
        <div className="list-head"><b>{item.label} {index + 1}</b>
          <Button tone="quiet" onClick={() => remove(index)}>Remove</Button></div>
        <Fields form={formOf(document, item.schema)} draft={isGroup(each) ? each : {}} path={`${path}[${index}]`} />
      </div>
      : <ListItem key={index} field={item} draft={each} path={`${path}[${index}]`} number={index + 1}
        onRemove={() => remove(index)} />)}
    <Button id={id} aria-invalid={problem !== undefined} aria-label={`Add to ${field.label}`}
      onClick={() => set(path, [...items, item.type === 'group' ? {} : ''])}>Add</Button>
    <FieldError>{problem && `${field.label} ${problem}`}</FieldError>
    <p className="hint" id={`${id}-hint`}><Prose text={field.hint} /></p>
  </fieldset>;
}

function ListItem({ field, draft, path, number, onRemove }:
  { field: Field; draft: Draft; path: string; number: number; onRemove: () => void }) {
  const { problems } = useFormState();
  const problem = problems.get(path);
  const id = elementId(path);
  return <div className="list-item">
    <label className="hidden-text" htmlFor={id}>{field.label} {number}</label>
    <div className="list-line">
      <div className="list-input"><Input field={field} draft={draft} path={path} problem={problem} /></div>
      <Button tone="icon" aria-label={`Remove ${field.label} ${number}`} onClick={onRemove}>×</Button>
    </div>
    <FieldError id={`${id}-problem`}>{problem}</FieldError>
  </div>;
}
