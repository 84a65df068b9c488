// What creating and editing share: the fields with the summary of what belongs to no field, and the server's refusal.

import { useEffect, useState } from 'react';
import { Problem, messageOf } from '../api/problem';
import { Fields } from './Fields.tsx';
import { FormProvider, focusFirstProblem } from './form.tsx';
import type { FormState } from './form.tsx';
import { sentence } from './words.ts';
import { violationsOf } from './send.ts';

/** Counts down while the server wants to be left alone; 0 when it may be asked. */
export function useWait(error: unknown): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (error instanceof Problem && (error.status === 429 || error.status === 503)) setLeft(error.retryAfter || 5);
  }, [error]);
  useEffect(() => {
    if (left <= 0) return undefined;
    const timer = setTimeout(() => setLeft(left - 1), 1000);
    return () => clearTimeout(timer);
  }, [left]);
  return left;
}

/** Puts the server's violations at their fields; true when the error was of that sort. */
export function showRefusal(state: FormState, error: unknown): boolean {
  const violations = violationsOf(error);
  if (violations.length === 0) return false;
  state.showViolations(violations);
  focusFirstProblem();
  return true;
}

export function Summary({ state, error }: { state: FormState; error: unknown }) {
  const count = state.problems.size;
  if (state.others.length === 0 && error === undefined) return null;
  return <div className="banner danger form-summary" role="alert" tabIndex={-1}><div>
    {error !== undefined && <p>{messageOf(error)}</p>}
    {state.others.length > 0 && <ul>{state.others.map(({ path, text }, index) =>
      <li key={index}>{path === '' ? sentence(text) : <><code>{path}</code> {text}</>}</li>)}</ul>}
    {count > 0 && <p>{count === 1 ? 'One more field is' : `${count} more fields are`} marked below.</p>}
  </div></div>;
}

export function FormFields({ state, skip, error }:
  { state: FormState; skip?: ReadonlySet<string>; error: unknown }) {
  return <FormProvider value={state}>
    <Summary state={state} error={error} />
    <Fields form={state.form} draft={state.draft} path="" skip={skip} />
  </FormProvider>;
}

/** Asks before typed work is left by closing or reloading. */
export function useKeepWork(isDirty: boolean): void {
  useEffect(() => {
    if (!isDirty) return undefined;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [isDirty]);
}
