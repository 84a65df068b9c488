import { type RefObject, useEffect, useRef } from 'react';

// Where menus and lists open: within the page's main part, so that a reader of screens finds them in a landmark.
export const popupHome = (): HTMLElement | null => document.getElementById('content');

// While a list of options is open the library hides the rest of the page from readers of screens, though the keyboard
// still reaches it. A list is no dialog: the page, or the dialog that the list is in, stays readable. Call what this
// returns when the list opens and closes.
export function useReadablePage(input: RefObject<HTMLElement | null>): (isOpen: boolean) => void {
  const observer = useRef<MutationObserver>(undefined);
  useEffect(() => () => observer.current?.disconnect(), []);
  return (isOpen) => {
    observer.current?.disconnect();
    const home = input.current?.closest('[role="dialog"]') ?? document.body;
    observer.current = new MutationObserver((changes) => changes.forEach(({ target, oldValue }) => {
      if (oldValue === null) (target as Element).removeAttribute('aria-hidden');
    }));
    if (isOpen) observer.current.observe(home, { subtree: true, attributeFilter: ['aria-hidden'], attributeOldValue: true });
  };
}
