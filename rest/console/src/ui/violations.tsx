// A server's refusal, spread over the fields of a form; what belongs to none of them stands in a summary that takes the
// focus.
import { CircleAlert } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { messageOf, Problem } from '../api/problem';

// The message at `field`, violations of its elements ("allowedCidrs[0]") included.
export function violationAt(error: unknown, field: string): string | undefined {
  if (!(error instanceof Problem)) return undefined;
  const found = error.violations.filter((violation) => violation.field === field || violation.field.startsWith(`${field}[`));
  const words = found.map((violation) => {
    const index = /\[(\d+)\]/.exec(violation.field)?.[1];
    return index === undefined ? violation.description : `${Number(index) + 1}: ${violation.description}`;
  });
  if (words.length > 0) return words.join('; ');
  return field === 'name' && error.status === 409 ? error.message : undefined;
}

export function Summary({ error, fields }: { error: unknown; fields: string[] }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), [error]);
  if (!error) return null;
  const rest = error instanceof Problem
    ? error.violations.filter(({ field }) => !fields.some((known) => field === known || field.startsWith(`${known}[`)))
    : [];
  const isSpread = error instanceof Problem && fields.some((field) => violationAt(error, field) !== undefined);
  if (isSpread && rest.length === 0) return null;
  return (
    <div className="banner danger" role="alert" tabIndex={-1} ref={box}>
      <CircleAlert aria-hidden="true" />
      <div>
        {rest.length === 0
          ? messageOf(error)
          : <ul>{rest.map(({ field, description }) => <li key={field}>{field} {description}</li>)}</ul>}
      </div>
    </div>
  );
}
