// A labelled control with its hint and its error; all tied together for readers of screens.
import { CircleAlert } from 'lucide-react';
import { type InputHTMLAttributes, type ReactNode, type TextareaHTMLAttributes, useId } from 'react';

export function FieldError({ id, children }: { id?: string | undefined; children?: ReactNode }) {
  return children ? (
    <p className="error" id={id} role="alert">
      <CircleAlert aria-hidden="true" />
      <span>{children}</span>
    </p>
  ) : null;
}

interface Common {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
}

function useParts(error: string | undefined, hint: ReactNode) {
  const id = useId();
  const described = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ');
  return { id, control: { id, 'aria-invalid': error ? true : undefined, 'aria-describedby': described || undefined } };
}

export function TextField({ label, hint, error, ...rest }: Common & InputHTMLAttributes<HTMLInputElement>) {
  const { id, control } = useParts(error, hint);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input className="input" {...control} {...rest} />
      {hint && <p className="hint" id={`${id}-hint`}>{hint}</p>}
      <FieldError id={`${id}-error`}>{error}</FieldError>
    </div>
  );
}

export function TextAreaField({ label, hint, error, ...rest }: Common & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const { id, control } = useParts(error, hint);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea className="input" {...control} {...rest} />
      {hint && <div className="hint between" id={`${id}-hint`}>{hint}</div>}
      <FieldError id={`${id}-error`}>{error}</FieldError>
    </div>
  );
}
