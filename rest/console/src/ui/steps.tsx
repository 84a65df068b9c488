// The numbered steps of a wizard; those that are done can be gone back to.
import { Check } from 'lucide-react';

export function Steps({ titles, step, most, go }: { titles: string[]; step: number; most: number; go: (step: number) => void }) {
  return (
    <ol className="steps" aria-label="Steps">
      {titles.map((title, index) => {
        const number = index + 1;
        const isDone = number < step;
        const content = (
          <>
            <span className="number" aria-hidden="true">{isDone ? <Check /> : number}</span>
            <span>{title}</span>
          </>
        );
        return (
          <li key={title} className={number === step ? 'current' : isDone ? 'done' : ''}
            aria-current={number === step ? 'step' : undefined}>
            {number !== step && number <= most
              ? <button type="button" onClick={() => go(number)}>{content}</button>
              : <span>{content}</span>}
          </li>
        );
      })}
    </ol>
  );
}
