// A value that the server shows once, such as a director's key: masked until it is asked for, to be copied or saved.

import { useEffect, useRef, useState } from 'react';
import { textOf } from './context.tsx';
import { copy } from '../ui/copy.ts';
import type { JsonObject } from './document.ts';
import type { Field, Form } from './model.ts';
import { Button } from './ui.tsx';

const HIDE_AFTER_MS = 60000;

/** The fields of the answer that no later answer has. */
export function shownOnceIn(form: Form, answer: JsonObject): Field[] {
  return form.fields.filter((field) => field.shownOnce && textOf(answer, field.name) !== '');
}

function save(name: string, value: string): void {
  const url = URL.createObjectURL(new Blob([value], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${name.replace(/[^\w.-]+/g, '-') || 'value'}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

export function ShownOnce({ label, name, value, onDone }:
  { label: string; name: string; value: string; onDone: () => void }) {
  const [isShown, setShown] = useState(false);
  const [said, setSaid] = useState('');
  const node = useRef<HTMLElement>(null);
  const source = useRef<HTMLSpanElement>(null);
  const lower = label.charAt(0).toLowerCase() + label.slice(1);
  useEffect(() => {
    if (!isShown) return undefined;
    const hide = (): void => setShown(false);
    const onVisibility = (): void => { if (document.hidden) hide(); };
    const timer = setTimeout(hide, HIDE_AFTER_MS);
    document.addEventListener('visibilitychange', onVisibility);
    return () => { clearTimeout(timer); document.removeEventListener('visibilitychange', onVisibility); };
  }, [isShown]);
  const press = async (): Promise<void> => {
    // The hidden copy is what a page without a clipboard selects while the value is masked.
    const target = isShown ? node.current : source.current;
    setSaid(target && await copy(value, target) ? 'Copied' : 'Could not copy. Show the value and select it.');
  };
  return <section className="once" aria-label={label}>
    <h2>Save the {lower}</h2>
    <p className="banner">This is the only time that the {lower} is shown. Copy or download it now.</p>
    <div className="once-value"><code ref={node}>{isShown ? value : '•'.repeat(32)}</code>
      <span className="copy-source" aria-hidden="true" ref={source}>{isShown ? '' : value}</span></div>
    <div className="form-buttons">
      <Button onClick={() => setShown(!isShown)}>{isShown ? 'Hide' : 'Show'}</Button>
      <Button onClick={() => void press()}>Copy</Button>
      <Button onClick={() => { save(name, value); setSaid('Downloaded'); }}>Download</Button>
      <span className="muted" role="status">{said}</span>
      <span className="grow" />
      <Button tone="primary" onClick={onDone}>Done</Button>
    </div>
  </section>;
}
