// The lists of tokens, roles, users and resources: toolbar, table with one menu for all rows, states, and paging.
import { Menu } from '@base-ui/react/menu';
import { ArrowDown, ArrowUp, Check, ChevronDown, ChevronsUpDown, EllipsisVertical, RefreshCw, Search } from 'lucide-react';
import { memo, type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import { type Change, DEFAULT_SIZE, FIRST_PAGE, type ListState, nextOrder, PAGE_SIZES, type Rows } from './liststate.ts';
import { popupHome } from './portal';
import { Empty, Failure } from './states';
import { TableFrame, TableRows } from './table';
import { ZONE } from './time';

// -- above the table --------------------------------------------------------------------------------------------------

const PAUSE = 250;

export function SearchBox({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
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
      <input type="search" className="input" aria-label={label} placeholder={label} maxLength={200} value={text}
        onChange={(event) => setText(event.target.value)} />
    </div>
  );
}

export interface StatusChoice {
  value: string;
  title: string;
  // How many have it, as text; left out where nobody counts.
  count?: string;
}

// `choices` without the first one, "All", whose count is `all`.
export function StatusFilter({ choices, all, value, onChange, onOpen }: {
  choices: readonly StatusChoice[];
  all?: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  onOpen?: (isOpen: boolean) => void;
}) {
  const [open, setOpen] = useState(false);
  const change = (isOpen: boolean) => {
    setOpen(isOpen);
    onOpen?.(isOpen);
  };
  const options = [{ value: '', title: 'All', count: all ?? '' }, ...choices];
  const chosen = options.find((option) => option.value === value) ?? options[0]!;
  return (
    <Menu.Root open={open} onOpenChange={change}>
      <Menu.Trigger className="button">
        Status: {`${chosen.title} ${chosen.count ?? ''}`.trim()}
        <ChevronDown aria-hidden="true" />
      </Menu.Trigger>
      <Menu.Portal container={popupHome()}>
        <Menu.Positioner className="positioner" align="start" sideOffset={4}>
          <Menu.Popup className="popup">
            <Menu.RadioGroup value={value ?? ''} onValueChange={(next: string) => {
              onChange(next || undefined);
              change(false);
            }}>
              {options.map((option) => (
                <Menu.RadioItem key={option.value} value={option.value} className="option">
                  <span className="mark"><Menu.RadioItemIndicator render={<Check aria-hidden="true" />} /></span>
                  <span className="spread">{option.title}</span>
                  <span className="muted">{option.count}</span>
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

// -- the table --------------------------------------------------------------------------------------------------------

export interface Column<T> {
  name: string;
  title: string;
  // The field that the server sorts by; left out where it cannot.
  field?: string | undefined;
  // What the cell is for: a name, a text that may be cut, or something short.
  look: 'name' | 'text' | 'fixed';
  cell: (item: T) => ReactNode;
}

function Head<T>({ column, order, onOrder }: { column: Column<T>; order: string | undefined; onOrder: (order: string | undefined) => void }) {
  const { field, title } = column;
  if (!field) return <th scope="col">{title}</th>;
  const direction = order === field ? 'ascending' : order === `${field} desc` ? 'descending' : 'none';
  const Icon = direction === 'ascending' ? ArrowUp : direction === 'descending' ? ArrowDown : ChevronsUpDown;
  return (
    <th scope="col" aria-sort={direction}>
      <button type="button" onClick={() => onOrder(nextOrder(order, field))}>
        {title}
        <Icon aria-hidden="true" />
      </button>
    </th>
  );
}

interface RowProps<T> {
  item: T;
  columns: readonly Column<T>[];
  // Changes with what an item does not say of its row: the columns, and what the clock alone changes.
  state: string;
  // Names the row's menu; left out for rows without one.
  menuTitle: string | undefined;
  isMenuOpen: boolean;
  onMenu: (item: T, anchor: HTMLElement) => void;
}

function AnyRow<T>({ item, columns, menuTitle, isMenuOpen, onMenu }: RowProps<T>) {
  return (
    <tr>
      {columns.map(({ name, title, look, cell }) => <td key={name} className={look} data-label={title}>{cell(item)}</td>)}
      {menuTitle !== undefined && (
        <td className="actions">
          <button type="button" className="button icon compact" aria-label={menuTitle} aria-haspopup="menu"
            aria-expanded={isMenuOpen} onClick={(event) => onMenu(item, event.currentTarget)}>
            <EllipsisVertical />
          </button>
        </td>
      )}
    </tr>
  );
}

const Row = memo(AnyRow, (before, after) =>
  before.item === after.item && before.state === after.state && before.isMenuOpen === after.isMenuOpen) as typeof AnyRow;

// A menu for each row would cost more than the rows.
function RowMenu({ title, anchor, onClose, children }:
  { title: string; anchor: HTMLElement; onClose: () => void; children: ReactNode }) {
  return (
    <Menu.Root open onOpenChange={(open) => !open && onClose()}>
      <Menu.Portal container={popupHome()}>
        <Menu.Positioner className="positioner" anchor={anchor} align="end" sideOffset={4}>
          <Menu.Popup className="popup" aria-label={title} finalFocus={() => anchor}>{children}</Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

const SKELETON_ROWS = 6;

function Skeleton({ titles }: { titles: readonly string[] }) {
  return (
    <tbody>
      {Array.from({ length: SKELETON_ROWS }, (_, row) => (
        <tr key={row}>
          {titles.map((title) => <td key={title} data-label={title}>{title && <span className="skeleton" aria-hidden="true" />}</td>)}
        </tr>
      ))}
    </tbody>
  );
}

export interface RowMenus<T> {
  // What a row is called in the name of its menu: "Actions for NAME".
  nameOf: (item: T) => string;
  // The Menu.Items.
  items: (item: T) => ReactNode;
}

interface TableProps<T> {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[] | undefined;
  keyOf: (item: T) => string;
  stateOf?: ((item: T) => string) | undefined;
  menu?: RowMenus<T> | undefined;
  order: string | undefined;
  onOrder: (order: string | undefined) => void;
}

function Table<T>({ label, columns, rows, keyOf, stateOf, menu, order, onOrder }: TableProps<T>) {
  const [opened, setOpened] = useState<{ item: T; anchor: HTMLElement }>();
  const onMenu = useCallback((item: T, anchor: HTMLElement) => setOpened({ item, anchor }), []);
  const columnKey = columns.map(({ name }) => name).join();
  const titleOf = (item: T) => (menu ? `Actions for ${menu.nameOf(item)}` : undefined);
  return (
    <TableFrame>
      <table className="table" aria-label={label} aria-busy={rows === undefined} aria-rowcount={rows && rows.length + 1}>
        <thead>
          <tr>
            {columns.map((column) => <Head key={column.name} column={column} order={order} onOrder={onOrder} />)}
            {menu && <th scope="col"><span className="hidden-text">Actions</span></th>}
          </tr>
        </thead>
        {rows ? <TableRows items={rows} columns={columns.length + (menu ? 1 : 0)} row={(item) => (
          <Row key={keyOf(item)} item={item} columns={columns} state={columnKey + (stateOf?.(item) ?? '')} menuTitle={titleOf(item)}
            isMenuOpen={opened !== undefined && keyOf(opened.item) === keyOf(item)} onMenu={onMenu} />
        )} /> : <Skeleton titles={[...columns.map(({ title }) => title), ...(menu ? [''] : [])]} />}
      </table>
      {menu && opened && (
        <RowMenu title={titleOf(opened.item)!} anchor={opened.anchor} onClose={() => setOpened(undefined)}>
          {menu.items(opened.item)}
        </RowMenu>
      )}
    </TableFrame>
  );
}

// -- below the table --------------------------------------------------------------------------------------------------

function Foot({ rows, next, total, state, change }: Rows<unknown> & { state: ListState; change: Change<ListState> }) {
  // The server's tokens of the pages before, as this visit has seen them.
  const before = useRef<(string | undefined)[]>([]);
  const page = state.page ?? 1;
  const size = state.size ?? DEFAULT_SIZE;
  before.current[page] = state.after;
  const first = (page - 1) * size + 1;
  const last = first + rows.length - 1;
  const back = () => {
    const after = before.current[page - 1];
    change(page > 2 && after ? { page: page - 1, after } : FIRST_PAGE);
  };
  const setSize = (count: number) => change({ size: count === DEFAULT_SIZE ? undefined : count, ...FIRST_PAGE });
  return (
    <div className="table-foot">
      <span>
        {rows.length > 0 && `${first.toLocaleString('en')}–${last.toLocaleString('en')}`}
        {total !== undefined && rows.length > 0 && ` of ${total.toLocaleString('en')}`}
      </span>
      <label className="row">
        Rows per page
        <select value={size} onChange={(event) => setSize(Number(event.target.value))}>
          {PAGE_SIZES.map((count) => <option key={count}>{count}</option>)}
        </select>
      </label>
      <span className="spread">Times in {ZONE}</span>
      <button type="button" className="button compact" disabled={page === 1} onClick={back}>Previous</button>
      <button type="button" className="button compact" disabled={next === ''}
        onClick={() => change({ page: page + 1, after: next })}>Next</button>
    </div>
  );
}

// -- all of it --------------------------------------------------------------------------------------------------------

// The filters hide what there is: `hidden` objects, where somebody counted them.
export function NoMatch({ title, hidden, onClear }: { title: string; hidden?: string | undefined; onClear: () => void }) {
  return (
    <Empty title={title}>
      <p>{hidden ?? 'Nothing fits the search and the filter.'}</p>
      <button type="button" className="button" onClick={onClear}>Clear filters</button>
    </Empty>
  );
}

interface ListProps<T> extends Omit<TableProps<T>, 'rows' | 'order' | 'onOrder'> {
  state: ListState;
  change: Change<ListState>;
  query: { data: Rows<T> | undefined; error: Error | null; isFetching: boolean; refetch: () => unknown };
  // In place of the query's, such as in another order.
  rows?: readonly T[] | undefined;
  // Beside the search: filters, then what stands at the right, such as the button that creates.
  filters?: ReactNode;
  tools?: ReactNode;
  create?: ReactNode;
  refresh?: () => void;
  // In place of the table, where nothing was found.
  empty: ReactNode;
  // All rows are there at once.
  isWhole?: boolean;
}

export function List<T>({ state, change, query, rows, filters, tools, create, refresh, empty, isWhole, ...table }: ListProps<T>) {
  const { data, error } = query;
  const shown = data && (rows ?? data.rows);
  const isEmpty = shown?.length === 0 && data?.next === '';
  const label = `Search ${table.label.replace(/^API /, '').toLowerCase()}`;
  return (
    <>
      <div className="toolbar">
        <SearchBox label={label} value={state.search ?? ''}
          onChange={(text) => change({ search: text || undefined, ...FIRST_PAGE }, state.search !== undefined)} />
        {filters}
        <span className="spread" />
        {tools}
        <button type="button" className="button icon" aria-label="Refresh" data-tip="Refresh" aria-busy={query.isFetching}
          onClick={refresh ?? (() => void query.refetch())}><RefreshCw /></button>
        {create}
      </div>
      {error && data && <p className="banner danger" role="alert">{error.message}</p>}
      <div className="card table-card">
        {error && !data && <Failure error={error} retry={() => void query.refetch()} />}
        {isEmpty && (state.page === undefined ? empty : (
          <Empty title="This page is empty">
            <button type="button" className="button" onClick={() => change(FIRST_PAGE)}>Go to the first page</button>
          </Empty>
        ))}
        {!isEmpty && !(error && !data) && (
          <Table {...table} rows={shown} order={state.order} onOrder={(order) => change({ order, ...FIRST_PAGE })} />
        )}
      </div>
      {data && !isWhole && !isEmpty && <Foot {...data} state={state} change={change} />}
    </>
  );
}
