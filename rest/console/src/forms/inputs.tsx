// The inputs of single values. Each is controlled: `value` is a draft, `onChange` replaces it, `onLeave` is the blur.

import { Suspense, lazy, useState } from 'react';
import { CLEARED, entriesOf } from './draft.ts';
import type { Draft, Entry } from './draft.ts';
import type { EnumField, MapField, NumberField, SwitchField, TextField } from './model.ts';
import { Button, Time } from './ui.tsx';

const CodeEditor = lazy(() => import('./CodeEditor.tsx'));

/** What ties an input to its label, hint and problem. */
export interface Wiring {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': boolean;
  readonly 'aria-required': boolean;
}

export interface InputProps<F> {
  readonly field: F;
  readonly value: Draft;
  readonly wiring: Wiring;
  readonly problem: string | undefined;
  readonly onChange: (value: Draft) => void;
  readonly onLeave: (value: Draft) => void;
}

function textOf(value: Draft): string {
  return typeof value === 'string' ? value : '';
}

export function TextInput(props: InputProps<TextField>) {
  const { field, value, wiring, onChange, onLeave } = props;
  if (/[\u0000-\u001f]/.test(field.default ?? '')) return <EscapedInput {...props} />;
  return <input className="input" type="text" autoComplete="off" spellCheck={false} {...wiring} value={textOf(value)}
    placeholder={field.default === undefined ? '' : visible(field.default)}
    onChange={(event) => onChange(event.target.value)} onBlur={(event) => onLeave(event.target.value)} />;
}

/** A default such as a line feed is shown as it is written. */
function visible(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text.replace(/"/g, '\\"')}"`) as string;
  } catch {
    return text;
  }
}

/** A text that is a control character by default: it is typed as it is written in JSON, such as \n. */
function EscapedInput({ field, value, wiring, onChange, onLeave }: InputProps<TextField>) {
  const [text, setText] = useState(() => visible(textOf(value)));
  return <input className="input input-number mono" type="text" autoComplete="off" spellCheck={false} {...wiring}
    value={text} placeholder={visible(field.default ?? '')}
    onChange={(event) => { setText(event.target.value); onChange(unescaped(event.target.value)); }}
    onBlur={() => onLeave(unescaped(text))} />;
}

export function LongTextInput({ field, value, wiring, onChange, onLeave }: InputProps<TextField>) {
  const count = [...textOf(value)].length;
  return <>
    <textarea className="input input-long" rows={3} {...wiring} value={textOf(value)}
      onChange={(event) => onChange(event.target.value)} onBlur={(event) => onLeave(event.target.value)} />
    {field.maxLength !== undefined && field.maxLength <= 1000 &&
      <span className="counter">{count} / {field.maxLength}</span>}
  </>;
}

export function NumberInput({ field, value, wiring, onChange, onLeave }: InputProps<NumberField>) {
  return <input className="input input-number" type="text" inputMode={field.isInteger ? 'numeric' : 'decimal'}
    autoComplete="off" {...wiring} value={textOf(value)} placeholder={field.default ?? ''}
    onChange={(event) => onChange(event.target.value)} onBlur={(event) => onLeave(event.target.value)} />;
}

export function SwitchInput({ field, value, wiring, onChange, label }: InputProps<SwitchField> & { label: string }) {
  const isOn = typeof value === 'boolean' ? value : field.default;
  return <label className="check">
    <input type="checkbox" id={wiring.id} aria-describedby={wiring['aria-describedby']}
      aria-invalid={wiring['aria-invalid']} checked={isOn} onChange={(event) => onChange(event.target.checked)} />
    <span>{label}</span>
  </label>;
}

export function EnumInput({ field, value, wiring, onChange, onLeave }: InputProps<EnumField>) {
  const chosen = textOf(value) || field.default || '';
  const description = field.choices.find((choice) => choice.value === chosen)?.description;
  return <>
    <select className="input input-select" {...wiring} value={chosen} onChange={(event) => onChange(event.target.value)}
      onBlur={(event) => onLeave(event.target.value)}>
      {field.default === undefined && <option value="">{field.required ? 'Choose one' : 'Not set'}</option>}
      {field.choices.map((choice) => <option key={choice.value} value={choice.value}>{choice.label}</option>)}
    </select>
    {description && <p className="hint choice-hint">{description}</p>}
  </>;
}

function localInput(value: string): string {
  const date = new Date(value);
  if (value === '' || Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

export function TimeInput({ value, wiring, onChange, onLeave }: InputProps<unknown>) {
  const text = textOf(value);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const toDraft = (local: string): string => local === '' ? '' : new Date(local).toISOString();
  return <>
    <div className="with-button">
      <input className="input input-time" type="datetime-local" {...wiring} value={localInput(text)}
        onChange={(event) => onChange(toDraft(event.target.value))}
        onBlur={(event) => onLeave(toDraft(event.target.value))} />
      <span className="muted">{zone}</span>
    </div>
    {text !== '' && <p className="hint">{text.replace('T', ' ').replace(/:\d\d(\.\d+)?Z$/, '')} UTC</p>}
  </>;
}

/** `setTime`: a secret is stored already; it is kept until somebody replaces or removes it. */
export function SecretInput({ field, value, wiring, onChange, onLeave, setTime }:
  InputProps<TextField> & { setTime: string | undefined }) {
  const [isReplacing, setReplacing] = useState(false);
  if (setTime !== undefined && value === CLEARED)
    return <div className="with-button" id={wiring.id}>
      <span className="muted">Will be removed</span>
      <Button onClick={() => onChange(undefined)}>Keep it</Button>
    </div>;
  if (setTime !== undefined && !isReplacing && value === undefined)
    return <div className="with-button" id={wiring.id}>
      <span className="secret-set">Set on <Time value={setTime} exact /></span>
      <Button onClick={() => setReplacing(true)}>Replace</Button>
      {!field.required && <Button tone="quiet" onClick={() => onChange(CLEARED)}>Remove</Button>}
    </div>;
  const isLong = (field.maxLength ?? 0) >= 4096;
  const change = (text: string): void => onChange(text === '' ? undefined : text);
  return <div className="with-button">
    {isLong ? <textarea className="input input-long input-masked" rows={3} autoComplete="off" spellCheck={false} {...wiring}
      value={textOf(value)} onChange={(event) => change(event.target.value)}
      onBlur={(event) => onLeave(event.target.value)} />
      : <input className="input" type="password" autoComplete="new-password" {...wiring} value={textOf(value)}
        onChange={(event) => change(event.target.value)} onBlur={(event) => onLeave(event.target.value)} />}
    {setTime !== undefined &&
      <Button tone="quiet" onClick={() => { setReplacing(false); onChange(undefined); }}>Keep the old one</Button>}
  </div>;
}

export function MapInput({ field, value, wiring, onChange, onLeave, label }: InputProps<MapField> & { label: string }) {
  const entries = entriesOf(value);
  const replace = (index: number, entry: Entry): void =>
    onChange(entries.map((each, place) => place === index ? entry : each));
  return <div className="pairs" role="group" aria-describedby={wiring['aria-describedby']} aria-label={label}>
    {entries.map(([key, text], index) => <div className="pair" key={index}>
      <input className="input" aria-label={`Key ${index + 1}`} placeholder="Key" value={key}
        aria-invalid={wiring['aria-invalid']} autoComplete="off" spellCheck={false}
        onChange={(event) => replace(index, [event.target.value, text])} onBlur={() => onLeave(entries)} />
      <input className="input" aria-label={`Value ${index + 1}`} placeholder="Value" value={text}
        type={field.isSecret ? 'password' : 'text'} autoComplete={field.isSecret ? 'new-password' : 'off'}
        onChange={(event) => replace(index, [key, event.target.value])} onBlur={() => onLeave(entries)} />
      <Button tone="icon" aria-label={`Remove ${key || `entry ${index + 1}`}`}
        onClick={() => onChange(entries.filter((_, place) => place !== index))}>×</Button>
    </div>)}
    <Button id={wiring.id} onClick={() => onChange([...entries, ['', '']])}>Add entry</Button>
  </div>;
}

/** A text in a language: an editor that is loaded when it is first needed. */
export function CodeInput({ language, value, wiring, problem, onChange, onLeave, label }:
  InputProps<unknown> & { language: 'yaml' | 'json'; label: string }) {
  return <Suspense fallback={<textarea className="input input-code" rows={10} readOnly aria-label={label}
    value={textOf(value)} />}>
    <CodeEditor language={language} value={textOf(value)} label={label} wiring={wiring} problem={problem}
      onChange={onChange} onLeave={onLeave} />
  </Suspense>;
}
