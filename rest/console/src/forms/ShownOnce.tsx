// A value that the server shows once, such as a director's key: masked until it is asked for, to be copied or saved.

import { textOf } from './context.tsx';
import { ShownOnce as Secret } from '../ui/secret';
import type { JsonObject } from './document.ts';
import type { Field, Form } from './model.ts';
import { Button } from './ui.tsx';

/** The fields of the answer that no later answer has. */
export function shownOnceIn(form: Form, answer: JsonObject): Field[] {
  return form.fields.filter((field) => field.shownOnce && textOf(answer, field.name) !== '');
}

/** "token" of "Token", but "API key" as it is. */
function nounOf(label: string): string {
  return /^[A-Z]{2}/.test(label) ? label : label.charAt(0).toLowerCase() + label.slice(1);
}

export function ShownOnce({ label, name, value, onDone }:
  { label: string; name: string; value: string; onDone: () => void }) {
  const noun = nounOf(label);
  return <section className="once" aria-label={label}>
    <h2>Save the {noun}</h2>
    <p className="banner">This is the only time that the {noun} is shown. Copy or download it now.</p>
    <Secret value={value} name={name} noun={noun} onSaved={() => undefined} />
    <div className="form-buttons">
      <span className="grow" />
      <Button tone="primary" onClick={onDone}>Done</Button>
    </div>
  </section>;
}
