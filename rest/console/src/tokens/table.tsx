// The rows of the API tokens. A thousand of them share one menu and one tooltip.
import { Menu } from '@base-ui/react/menu';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { ArrowDown, ArrowUp, ChevronsUpDown, EllipsisVertical, Eye, EyeOff } from 'lucide-react';
import { memo, type ReactNode, useCallback, useState } from 'react';
import { useMay } from '../session/session';
import { Actor } from '../ui/actor';
import { TableFrame, TableRows } from '../ui/table';
import { Time } from '../ui/time';
import { say, sayError } from '../ui/toast';
import { LastUsed, TimeLimit, TokenStatusPill } from './parts';
import type { FurtherColumn } from './search';
import { columnTitles } from './toolbar';
import { type ApiToken, setTokenEnabled, soonText, statusOf, tokenPath } from './tokens';
import { popupHome } from '../ui/portal';

interface Column {
  title: string;
  // The field that the server sorts by.
  field?: string;
  name: string;
}

const COLUMNS: Column[] = [
  { name: 'name', title: 'Token Name', field: 'name' },
  { name: 'description', title: 'Description' },
  { name: 'token', title: 'Token' },
  { name: 'limit', title: 'Time Limit', field: 'expireTime' },
  { name: 'status', title: 'Status' },
  { name: 'role', title: columnTitles.role },
  { name: 'lastUsed', title: columnTitles.lastUsed },
  { name: 'created', title: columnTitles.created, field: 'createTime' },
  { name: 'createdBy', title: columnTitles.createdBy },
];

const isShown = (name: string, columns: Set<FurtherColumn>): boolean =>
  !(name in columnTitles) || columns.has(name as FurtherColumn);

// The first click sorts upwards, the second downwards, the third not at all.
function nextOrder(order: string, field: string): string {
  if (order === field) return `${field} desc`;
  return order === `${field} desc` ? '' : field;
}

function Head({ column, order, onOrder }: { column: Column; order: string; onOrder: (order: string) => void }) {
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

const DOTS = '••••••••••••';

function MaskedToken({ token }: { token: ApiToken }) {
  const [shown, setShown] = useState(false);
  return (
    <span className="row nowrap">
      <span className="mono">{shown ? (token.maskedToken ?? '').replace(/\.+/, '••••••••') : DOTS}</span>
      <button type="button" className="button icon compact" aria-pressed={shown}
        aria-label={`${shown ? 'Hide' : 'Show'} token ${token.name}`}
        data-tip="The full value was shown once, at creation" onClick={() => setShown(!shown)}>
        {shown ? <EyeOff /> : <Eye />}
      </button>
    </span>
  );
}

interface RowProps {
  token: ApiToken;
  // Changes with what the clock alone changes of the row.
  state: string;
  now: number;
  columns: Set<FurtherColumn>;
  columnKey: string;
  isMenuOpen: boolean;
  onOpen: (id: string) => void;
  onMenu: (token: ApiToken, anchor: HTMLElement) => void;
}

const Row = memo(
  function Row({ token, now, columns, isMenuOpen, onOpen, onMenu }: RowProps) {
    const cells: { [name: string]: ReactNode } = {
      role: <td data-label="Role" className="text">{token.roleName}</td>,
      lastUsed: <td data-label="Last used" className="fixed"><LastUsed token={token} /></td>,
      created: <td data-label="Created" className="fixed"><Time value={token.createTime ?? ''} /></td>,
      createdBy: <td data-label="Created by" className="text"><Actor value={token.createdBy} /></td>,
    };
    return (
      <tr>
        <td className="name" data-label="Token Name">
          <button type="button" className="link" onClick={() => onOpen(token.id!)}><bdi>{token.name}</bdi></button>
        </td>
        <td className="text" data-label="Description"><bdi title={token.description}>{token.description}</bdi></td>
        <td className="fixed" data-label="Token"><MaskedToken token={token} /></td>
        <td className="fixed" data-label="Time Limit"><TimeLimit token={token} /></td>
        <td className="fixed" data-label="Status"><span className="row"><TokenStatusPill token={token} now={now} /></span></td>
        {columns.has('role') && cells['role']}
        {columns.has('lastUsed') && cells['lastUsed']}
        {columns.has('created') && cells['created']}
        {columns.has('createdBy') && cells['createdBy']}
        <td className="actions">
          <button type="button" className="button icon compact" aria-label={`Actions for ${token.name}`}
            aria-haspopup="menu" aria-expanded={isMenuOpen} onClick={(event) => onMenu(token, event.currentTarget)}>
            <EllipsisVertical />
          </button>
        </td>
      </tr>
    );
  },
  (before, after) => before.token === after.token && before.state === after.state &&
    before.columnKey === after.columnKey && before.isMenuOpen === after.isMenuOpen,
);

function RowMenu({ token, anchor, now, onClose, onDelete }:
  { token: ApiToken; anchor: HTMLElement; now: number; onClose: () => void; onDelete: (token: ApiToken) => void }) {
  const may = useMay();
  const client = useQueryClient();
  const navigate = useNavigate();
  const isDisabled = token.status === 'DISABLED';
  const toggle = async () => {
    try {
      await setTokenEnabled(token, isDisabled);
      say(`The API token "${token.name}" was ${isDisabled ? 'enabled' : 'disabled'}.`);
    } catch (error) {
      sayError(error);
    }
    void client.invalidateQueries({ queryKey: ['api-tokens'] });
  };
  return (
    <Menu.Root open onOpenChange={(open) => !open && onClose()}>
      <Menu.Portal container={popupHome()}>
        <Menu.Positioner className="positioner" anchor={anchor} align="end" sideOffset={4}>
          <Menu.Popup className="popup" aria-label={`Actions for ${token.name}`} finalFocus={() => anchor}>
            <Menu.Item className="option" onClick={() => void navigate({ to: tokenPath(token.id!) as '/' })}>
              Manage API token
            </Menu.Item>
            <Menu.Item className="option danger" disabled={!may('api-tokens.delete')} onClick={() => onDelete(token)}>
              Delete API token
            </Menu.Item>
            <hr />
            <Menu.Item className="option" disabled={!may('api-tokens.edit') || statusOf(token, now) === 'EXPIRED'}
              onClick={() => void toggle()}>
              {isDisabled ? 'Enable API token' : 'Disable API token'}
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

const SKELETON_ROWS = 6;

export function TokenTable({ tokens, now, columns, order, onOrder, onOpen, onDelete }: {
  tokens: ApiToken[] | undefined;
  now: number;
  columns: Set<FurtherColumn>;
  order: string;
  onOrder: (order: string) => void;
  onOpen: (id: string) => void;
  onDelete: (token: ApiToken) => void;
}) {
  const [menu, setMenu] = useState<{ token: ApiToken; anchor: HTMLElement }>();
  const onMenu = useCallback((token: ApiToken, anchor: HTMLElement) => setMenu({ token, anchor }), []);
  const columnKey = [...columns].join();
  const shown = COLUMNS.filter(({ name }) => isShown(name, columns));
  return (
    <TableFrame>
      <table className="table" aria-label="API tokens" aria-busy={tokens === undefined} aria-rowcount={tokens && tokens.length + 1}>
        <thead>
          <tr>
            {shown.map((column) => <Head key={column.name} column={column} order={order} onOrder={onOrder} />)}
            <th scope="col"><span className="hidden-text">Actions</span></th>
          </tr>
        </thead>
        {tokens && <TableRows items={tokens} columns={shown.length + 1} row={(token) => (
          <Row key={token.id} token={token} now={now} columns={columns} columnKey={columnKey}
            state={statusOf(token, now) + soonText(token, now)} isMenuOpen={menu?.token.id === token.id}
            onOpen={onOpen} onMenu={onMenu} />
        )} />}
        {!tokens && <tbody>
          {Array.from({ length: SKELETON_ROWS }, (_, row) => (
            <tr key={row}>
              {[...shown, undefined].map((column, cell) => (
                <td key={cell} data-label={column?.title}>{column && <span className="skeleton" />}</td>
              ))}
            </tr>
          ))}
        </tbody>}
      </table>
      {menu && <RowMenu {...menu} now={now} onClose={() => setMenu(undefined)} onDelete={onDelete} />}
    </TableFrame>
  );
}
