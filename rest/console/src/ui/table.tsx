// What every table shares: its frame, and a body that renders of many rows only those near the screen.
import { type ReactNode, useEffect, useRef, useState } from 'react';

// The head sticks below the top bar where the whole width fits; else the table scrolls sideways by itself.
export function TableFrame({ children }: { children: ReactNode }) {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const node = frame.current!;
    const look = () => {
      const table = node.querySelector('table');
      const fits = table !== null && table.offsetWidth <= node.clientWidth;
      node.classList.toggle('fits', fits);
      // What scrolls, the keyboard scrolls too.
      if (fits) node.removeAttribute('tabindex');
      else node.tabIndex = 0;
    };
    const observer = new ResizeObserver(look);
    observer.observe(node);
    const table = node.querySelector('table');
    if (table) observer.observe(table);
    look();
    return () => observer.disconnect();
  }, []);
  return <div className="table-scroll" ref={frame}>{children}</div>;
}

const BLOCK_ROWS = 20;
// Fewer rows than this are rendered at once.
const WHOLE_MOST = 100;
const FIRST_BLOCKS = 2;
// What a row is high before it is rendered; afterwards its block's own height counts.
const ROW_HEIGHT = 45;
const MARGIN = '900px 0px';

function Block({ count, columns, isFirst, children }:
  { count: number; columns: number; isFirst: boolean; children: () => ReactNode }) {
  const body = useRef<HTMLTableSectionElement>(null);
  const height = useRef(count * ROW_HEIGHT);
  const [isNear, setNear] = useState(isFirst);
  useEffect(() => {
    const node = body.current!;
    const observer = new IntersectionObserver((entries) => {
      const { isIntersecting, boundingClientRect } = entries[entries.length - 1]!;
      if (isIntersecting) return setNear(true);
      // The keyboard's place is kept.
      if (node.contains(document.activeElement)) return;
      if (boundingClientRect.height > 0) height.current = boundingClientRect.height;
      setNear(false);
    }, { rootMargin: MARGIN });
    observer.observe(node);
    return () => observer.disconnect();
  }, []);
  return (
    <tbody ref={body}>
      {isNear ? children() : <tr className="away" aria-hidden="true"><td colSpan={columns} style={{ height: height.current }} /></tr>}
    </tbody>
  );
}

interface Rows<T> {
  items: readonly T[];
  columns: number;
  // One row, with its key.
  row: (item: T) => ReactNode;
}

export function TableRows<T>({ items, columns, row }: Rows<T>) {
  if (items.length <= WHOLE_MOST) return <tbody>{items.map(row)}</tbody>;
  const starts = Array.from({ length: Math.ceil(items.length / BLOCK_ROWS) }, (_, block) => block * BLOCK_ROWS);
  return starts.map((start, block) => {
    const rows = items.slice(start, start + BLOCK_ROWS);
    return (
      <Block key={start} count={rows.length} columns={columns} isFirst={block < FIRST_BLOCKS}>{() => rows.map(row)}</Block>
    );
  });
}
