// What a form or an object holds, to be read: in the review of a form, in details, and beside each other in a conflict.

import { addresses, useResources } from './context.tsx';
import { entriesOf, isGroup, listOf, liveFields } from './draft.ts';
import type { Draft, Group } from './draft.ts';
import { formOf } from './model.ts';
import type { Field, Form, ReferenceField } from './model.ts';
import { useNames } from './ReferenceInput.tsx';
import { PageLink, Pill, Time } from './ui.tsx';

function isBlank(draft: Draft): boolean {
  if (draft === undefined || draft === '' || draft === null) return true;
  if (Array.isArray(draft)) return draft.length === 0;
  return isGroup(draft) && Object.values(draft).every(isBlank);
}

/** Blanks alone, such as a line feed that ends a message. */
function isInvisible(draft: Draft): boolean {
  return typeof draft === 'string' && draft.trim() === '';
}

function Names({ field, ids }: { field: ReferenceField; ids: readonly string[] }) {
  const { kinds } = useResources();
  const named = useNames(kinds.get(field.kind), ids);
  return <span className="names">{named.map(({ id, name }) =>
    <PageLink key={id} to={addresses.details(field.kind, id)} className="link">{name}</PageLink>)}</span>;
}

function Pairs({ draft, isSecret }: { draft: Draft; isSecret: boolean }) {
  return <span className="labels">{entriesOf(draft).map(([key, value]) =>
    <span className="label-chip" key={key}><b>{key}</b> {isSecret ? '••••••' : value}</span>)}</span>;
}

function Items({ field, draft }: { field: Field; draft: Draft }) {
  if (field.type !== 'list') return null;
  const items = listOf(draft);
  if (field.item.type === 'reference') return <Names field={field.item} ids={items.map(String)} />;
  return <ol className={field.item.type === 'group' ? 'boxes' : 'plain-list'}>{items.map((item, index) =>
    <li key={index}><FieldValue field={field.item} draft={item} /></li>)}</ol>;
}

/** One value; a dash for none. */
export function FieldValue({ field, draft }: { field: Field; draft: Draft }) {
  const { document } = useResources();
  if (field.type === 'secret') return <span>{draft === undefined || draft === '' ? '—' : '••••••••'}</span>;
  if (isBlank(draft) && field.type !== 'group') return <span className="muted">—</span>;
  switch (field.type) {
    case 'switch': return <span>{draft === true ? 'Yes' : 'No'}</span>;
    case 'enum': {
      const choice = field.choices.find(({ value }) => value === draft);
      return field.name === 'status' ? <Pill status={String(draft)} label={choice?.label ?? String(draft)} />
        : <span>{choice?.label ?? String(draft)}</span>;
    }
    case 'time': return <Time value={String(draft)} exact />;
    case 'reference': return <Names field={field} ids={[String(draft)]} />;
    case 'list': return <Items field={field} draft={draft} />;
    case 'map': return <Pairs draft={draft} isSecret={field.isSecret} />;
    case 'yaml': case 'json': return <pre className="value-code" tabIndex={0}>{String(draft)}</pre>;
    case 'group': return <Values form={formOf(document, field.schema)} draft={isGroup(draft) ? draft : {}} isNested />;
    default: return <span className="value-text">{isInvisible(draft) ? <code>{JSON.stringify(draft)}</code> : String(draft)}</span>;
  }
}

/** What a group holds; what is not set is left out. */
export function Values({ form, draft, skip, isNested = false }:
  { form: Form; draft: Group; skip?: ReadonlySet<string>; isNested?: boolean }) {
  const fields = liveFields(form, draft).filter((field) => !skip?.has(field.name) &&
    (!isBlank(draft[field.name]) || (field.type === 'group' && field.oneof !== undefined)));
  if (fields.length === 0) return <p className="muted">{isNested ? 'With the defaults.' : 'Nothing is set.'}</p>;
  return <dl className={isNested ? 'values values-nested' : 'values'}>{fields.map((field) =>
    <div key={field.name} className="value">
      <dt>{field.label}</dt>
      <dd><FieldValue field={field} draft={draft[field.name]} /></dd>
    </div>)}</dl>;
}
