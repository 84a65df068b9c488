// Above the table of tokens: status filter with counts, the filter of what expires soon, and the choice of columns.
import { Menu } from '@base-ui/react/menu';
import { useQuery } from '@tanstack/react-query';
import { Check, Columns3 } from 'lucide-react';
import { useState } from 'react';
import { StatusFilter } from '../ui/list';
import { type Change, FIRST_PAGE } from '../ui/liststate.ts';
import { popupHome } from '../ui/portal';
import { statusWord } from './parts';
import { columnsOf, FURTHER_COLUMNS, type FurtherColumn, type ListSearch } from './search';
import { countQuery, countText, STATUSES } from './tokens';

export const columnTitles: { [column in FurtherColumn]: string } = {
  role: 'Role',
  lastUsed: 'Last used',
  created: 'Created',
  createdBy: 'Created by',
};

interface Props {
  search: ListSearch;
  change: Change<ListSearch>;
}

export function TokenFilters({ search, change }: Props) {
  const [open, setOpen] = useState(false);
  const all = useQuery(countQuery({}));
  const choices = STATUSES.map((status) => ({
    value: status,
    title: statusWord(status),
    // Each is a question to the server, and asked when it is looked at.
    count: countText(useQuery({ ...countQuery({ status }), enabled: open || search.status === status }).data),
  }));
  return (
    <>
      <StatusFilter choices={choices} all={countText(all.data)} value={search.status} onOpen={setOpen}
        onChange={(status) => change({ status, expiring: undefined, ...FIRST_PAGE })} />
      <label className="button">
        <input type="checkbox" className="check-box" checked={search.expiring ?? false}
          onChange={(event) => change({ expiring: event.target.checked || undefined, status: undefined, ...FIRST_PAGE })} />
        Expires within 7 days
      </label>
    </>
  );
}

export function ColumnChoice({ search, change }: Props) {
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
