// Above the table: search, status filter with counts, the filter of what expires soon, columns, refresh.
import { Menu } from '@base-ui/react/menu';
import { useQuery } from '@tanstack/react-query';
import { Check, ChevronDown, Columns3, RefreshCw, Search } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { statusWord } from './parts';
import { columnsOf, FURTHER_COLUMNS, type FurtherColumn, type ListSearch } from './search';
import { countQuery, countText, type TokenStatus } from './tokens';
import { popupHome } from '../ui/portal';

type Change = (change: { [K in keyof ListSearch]?: ListSearch[K] | undefined }, replace?: boolean) => void;

export const columnTitles: { [column in FurtherColumn]: string } = {
  role: 'Role',
  lastUsed: 'Last used',
  created: 'Created',
  createdBy: 'Created by',
};

const FIRST_PAGE = { page: undefined, after: undefined };

function StatusFilter({ search, change }: { search: ListSearch; change: Change }) {
  const [open, setOpen] = useState(false);
  const all = useQuery(countQuery({}));
  const counts = (['ACTIVE', 'EXPIRED', 'DISABLED'] as TokenStatus[]).map((status) => ({
    status,
    // Each is a question to the server, and asked when it is looked at.
    count: useQuery({ ...countQuery({ status }), enabled: open || search.status === status }).data,
  }));
  const chosen = counts.find(({ status }) => status === search.status);
  const label = chosen ? `${statusWord(chosen.status)} ${countText(chosen.count)}` : `All ${countText(all.data)}`;
  return (
    <Menu.Root open={open} onOpenChange={setOpen}>
      <Menu.Trigger className="button">
        Status: {label.trim()}
        <ChevronDown aria-hidden="true" />
      </Menu.Trigger>
      <Menu.Portal container={popupHome()}>
        <Menu.Positioner className="positioner" align="start" sideOffset={4}>
          <Menu.Popup className="popup">
            <Menu.RadioGroup value={search.status ?? ''} onValueChange={(value) => {
              change({ status: (value || undefined) as TokenStatus | undefined, expiring: undefined, ...FIRST_PAGE });
              setOpen(false);
            }}>
              <StatusOption value="" title="All" count={all.data} />
              {counts.map(({ status, count }) => (
                <StatusOption key={status} value={status} title={statusWord(status)} count={count} />
              ))}
            </Menu.RadioGroup>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function StatusOption({ value, title, count }: { value: string; title: string; count: number | undefined }) {
  return (
    <Menu.RadioItem value={value} className="option">
      <span className="mark"><Menu.RadioItemIndicator render={<Check aria-hidden="true" />} /></span>
      <span className="spread">{title}</span>
      <span className="muted">{countText(count)}</span>
    </Menu.RadioItem>
  );
}

function ColumnChoice({ search, change }: { search: ListSearch; change: Change }) {
  const shown = columnsOf(search);
  const toggle = (column: FurtherColumn, on: boolean) =>
    change({ columns: FURTHER_COLUMNS.filter((name) => (name === column ? on : shown.has(name))).join(',') }, true);
  return (
    <Menu.Root>
      <Menu.Trigger className="button icon" aria-label="Columns" data-tip="Columns"><Columns3 /></Menu.Trigger>
      <Menu.Portal container={popupHome()}>
        <Menu.Positioner className="positioner" align="end" sideOffset={4}>
          <Menu.Popup className="popup">
            {FURTHER_COLUMNS.map((column) => (
              <Menu.CheckboxItem key={column} className="option" checked={shown.has(column)}
                onCheckedChange={(on) => toggle(column, on)}>
                <span className="mark"><Menu.CheckboxItemIndicator render={<Check aria-hidden="true" />} /></span>
                {columnTitles[column]}
              </Menu.CheckboxItem>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

const PAUSE = 250;

function SearchBox({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  const asked = useRef(value);
  useEffect(() => {
    // Changed from elsewhere: by Back, or by "Clear filters".
    if (value !== asked.current) {
      asked.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => {
    if (text.trim() === asked.current) return;
    const timer = setTimeout(() => {
      asked.current = text.trim();
      onChange(asked.current);
    }, PAUSE);
    return () => clearTimeout(timer);
  });
  return (
    <div className="search">
      <Search aria-hidden="true" />
      <input type="search" className="input" aria-label="Search tokens" placeholder="Search tokens" maxLength={200}
        value={text} onChange={(event) => setText(event.target.value)} />
    </div>
  );
}

export function Toolbar({ search, change, isFetching, refresh, children }:
  { search: ListSearch; change: Change; isFetching: boolean; refresh: () => void; children: ReactNode }) {
  return (
    <div className="toolbar">
      <SearchBox value={search.search ?? ''}
        onChange={(text) => change({ search: text || undefined, ...FIRST_PAGE }, search.search !== undefined)} />
      <StatusFilter search={search} change={change} />
      <label className="button">
        <input type="checkbox" className="check-box" checked={search.expiring ?? false}
          onChange={(event) => change({ expiring: event.target.checked || undefined, status: undefined, ...FIRST_PAGE })} />
        Expires within 7 days
      </label>
      <span className="spread" />
      <ColumnChoice search={search} change={change} />
      <button type="button" className="button icon" aria-label="Refresh" data-tip="Refresh" aria-busy={isFetching}
        onClick={refresh}><RefreshCw /></button>
      {children}
    </div>
  );
}
