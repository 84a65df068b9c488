// One tooltip for all elements with `data-tip`, by pointer and by keyboard: a list of a thousand rows has no thousand
// tooltips. Esc closes it.
import { useEffect, useRef, useState } from 'react';

const DELAY = 250;
const MARGIN = 8;

interface Shown {
  text: string;
  element: HTMLElement;
}

const holderOf = (target: EventTarget | null): HTMLElement | null =>
  target instanceof Element ? target.closest<HTMLElement>('[data-tip]') : null;

export function TipLayer() {
  const [shown, setShown] = useState<Shown>();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let timer = 0;
    const show = (element: HTMLElement | null, delay: number) => {
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        const text = element?.dataset['tip'];
        setShown(element && text ? { element, text } : undefined);
      }, delay);
    };
    const over = (event: Event) => show(holderOf(event.target), DELAY);
    const focus = (event: Event) => {
      const holder = holderOf(event.target);
      if (holder?.matches(':focus-visible')) show(holder, 0);
    };
    const hide = () => show(null, 0);
    const key = (event: KeyboardEvent) => event.key === 'Escape' && hide();
    document.addEventListener('pointerover', over);
    document.addEventListener('focusin', focus);
    document.addEventListener('focusout', hide);
    document.addEventListener('pointerdown', hide);
    document.addEventListener('keydown', key);
    document.addEventListener('scroll', hide, true);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('pointerover', over);
      document.removeEventListener('focusin', focus);
      document.removeEventListener('focusout', hide);
      document.removeEventListener('pointerdown', hide);
      document.removeEventListener('keydown', key);
      document.removeEventListener('scroll', hide, true);
    };
  }, []);
  useEffect(() => {
    if (!shown || !box.current) return;
    const anchor = shown.element.getBoundingClientRect();
    const { width, height } = box.current.getBoundingClientRect();
    const left = Math.min(Math.max(MARGIN, anchor.left), window.innerWidth - width - MARGIN);
    const above = anchor.top - height - 6;
    box.current.style.left = `${left}px`;
    box.current.style.top = `${above > MARGIN ? above : anchor.bottom + 6}px`;
    const before = shown.element.getAttribute('aria-describedby');
    shown.element.setAttribute('aria-describedby', 'tip');
    return () => {
      if (before === null) shown.element.removeAttribute('aria-describedby');
      else shown.element.setAttribute('aria-describedby', before);
    };
  }, [shown]);
  return shown ? <div ref={box} id="tip" role="tooltip" className="tip">{shown.text}</div> : null;
}
