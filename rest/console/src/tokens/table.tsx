// The columns of the API tokens, and the menu of a row.
import { Menu } from '@base-ui/react/menu';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Eye, EyeOff } from 'lucide-react';
import { useState } from 'react';
import { useMay } from '../session/session';
import { Actor } from '../ui/actor';
import type { Column } from '../ui/list';
import { Time } from '../ui/time';
import { say, sayError } from '../ui/toast';
import { LastUsed, TimeLimit, TokenStatusPill } from './parts';
import type { FurtherColumn } from './search';
import { columnTitles } from './toolbar';
import { type ApiToken, setTokenEnabled, statusOf, tokenPath } from './tokens';

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

// `shown` are those of the further columns that are shown.
export function tokenColumns(shown: Set<FurtherColumn>, now: number, onOpen: (id: string) => void): Column<ApiToken>[] {
  const columns: Column<ApiToken>[] = [
    { name: 'name', title: 'Token Name', field: 'name', look: 'name', cell: (token) => (
      <button type="button" className="link" onClick={() => onOpen(token.id!)}><bdi>{token.name}</bdi></button>
    ) },
    { name: 'description', title: 'Description', look: 'text', cell: ({ description }) => <bdi title={description}>{description}</bdi> },
    { name: 'token', title: 'Token', look: 'fixed', cell: (token) => <MaskedToken token={token} /> },
    { name: 'limit', title: 'Time Limit', field: 'expireTime', look: 'fixed', cell: (token) => <TimeLimit token={token} /> },
    { name: 'status', title: 'Status', look: 'fixed', cell: (token) => <span className="row"><TokenStatusPill token={token} now={now} /></span> },
    { name: 'role', title: columnTitles.role, look: 'text', cell: ({ roleName }) => <bdi>{roleName}</bdi> },
    { name: 'lastUsed', title: columnTitles.lastUsed, look: 'fixed', cell: (token) => <LastUsed token={token} /> },
    { name: 'created', title: columnTitles.created, field: 'createTime', look: 'fixed', cell: ({ createTime }) => <Time value={createTime ?? ''} /> },
    { name: 'createdBy', title: columnTitles.createdBy, look: 'text', cell: ({ createdBy }) => <Actor value={createdBy} /> },
  ];
  return columns.filter(({ name }) => !(name in columnTitles) || shown.has(name as FurtherColumn));
}

export function TokenMenu({ token, now, onDelete }: { token: ApiToken; now: number; onDelete: (token: ApiToken) => void }) {
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
    <>
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
    </>
  );
}
