// The state of one form: its draft, what is wrong with it, and what was left once (rules speak when a field is left).

import { createContext, useContext, useMemo, useState } from 'react';
import type { Document, JsonObject } from './document.ts';
import { bodyOf, withValue } from './draft.ts';
import type { Draft, Group } from './draft.ts';
import type { Field, Form } from './model.ts';
import { fieldProblem, formProblems, place } from './rules.ts';
import type { Problems, Violation } from './rules.ts';

export interface FormState {
  readonly form: Form;
  readonly draft: Group;
  readonly problems: Problems;
  readonly others: readonly Violation[];
  readonly isEdit: boolean;
  /** When each secret was set, by path. */
  readonly secretsSet: ReadonlyMap<string, string>;
  readonly set: (path: string, value: Draft) => void;
  readonly leave: (path: string, field: Field, value: Draft) => void;
  /** Shows every problem that the rules find; true when there is none. */
  readonly check: () => boolean;
  readonly showViolations: (violations: readonly Violation[]) => void;
  readonly reset: (draft: Group) => void;
  readonly body: () => JsonObject;
}

const Context = createContext<FormState | undefined>(undefined);
export const FormProvider = Context.Provider;

export function useFormState(): FormState {
  const state = useContext(Context);
  if (!state) throw new Error('A field is outside of its form.');
  return state;
}

/** The steps of a path: "forwarding[0].address" is forwarding, 0, address. */
function stepsOf(path: string): string[] {
  return path.split(/[.[\]]+/).filter((step) => step !== '');
}

/** The name of the element of the field at the path, for its label and for the focus. */
export function elementId(path: string): string {
  return `field-${path.replace(/[^A-Za-z0-9?]+/g, '-')}`;
}

const FRAMES_MOST = 20;

/** The element of the first field with a problem gets the focus; the summary when no field has one. */
export function focusFirstProblem(frames = FRAMES_MOST): void {
  requestAnimationFrame(() => {
    const found = document.querySelector<HTMLElement>('[aria-invalid="true"]') ??
      document.querySelector<HTMLElement>('.form-summary');
    // What was found wrong may be drawn some frames later.
    if (!found && frames > 1) return focusFirstProblem(frames - 1);
    for (let outer = found?.closest('details'); outer; outer = outer.parentElement?.closest('details')) outer.open = true;
    found?.focus();
  });
}

let isPressed = false;
window.addEventListener('pointerdown', () => { isPressed = true; }, true);
for (const name of ['pointerup', 'pointercancel']) window.addEventListener(name, () => { isPressed = false; }, true);

/** Does the work once no button is pressed: a line that appears under the pointer would take the click away. */
function whenReleased(work: () => void): void {
  if (!isPressed) return work();
  const options = { once: true, capture: true };
  window.addEventListener('pointerup', () => setTimeout(work), options);
}

export interface FormOptions {
  readonly isEdit: boolean;
  readonly initial: Group;
  readonly secretsSet?: JsonObject | undefined;
}

function secretTimes(set: JsonObject | undefined): ReadonlyMap<string, string> {
  return new Map(Object.entries(set ?? {}).map(([path, time]) => [path, String(time)]));
}

export function useForm(document: Document, form: Form, options: FormOptions): FormState {
  const [draft, setDraft] = useState(options.initial);
  const [problems, setProblems] = useState<Problems>(new Map());
  const [others, setOthers] = useState<readonly Violation[]>([]);
  const { isEdit, secretsSet: set } = options;
  const secretsSet = useMemo(() => secretTimes(set), [set]);
  const kept = useMemo(() => new Set(secretsSet.keys()), [secretsSet]);

  const put = (path: string, problem: string | undefined): void => setProblems((all) => {
    if (all.get(path) === problem) return all;
    const changed = new Map(all);
    if (problem === undefined) changed.delete(path);
    else changed.set(path, problem);
    return changed;
  });
  return {
    form, draft, problems, others, isEdit, secretsSet,
    set: (path, value) => {
      setDraft((old) => withValue(old, stepsOf(path), value) as Group);
      put(path, undefined);
    },
    leave: (path, field, value) => whenReleased(() => put(path, fieldProblem(field, value, kept.has(path)))),
    check: () => {
      const found = formProblems(document, form, draft, kept);
      setProblems(found);
      setOthers([]);
      return found.size === 0;
    },
    showViolations: (violations) => {
      const placed = place(document, form, draft, violations);
      setProblems(placed.atFields);
      setOthers(placed.others);
    },
    reset: (next) => {
      setDraft(next);
      setProblems(new Map());
      setOthers([]);
    },
    body: () => bodyOf(document, form, draft),
  };
}
