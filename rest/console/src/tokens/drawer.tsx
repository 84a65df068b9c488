// The drawer that a token's name opens.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Actor } from '../ui/actor';
import { Drawer } from '../ui/dialog';
import { Failure, Waiting } from '../ui/states';
import { Time } from '../ui/time';
import { LastUsed, TimeLimit, TokenStatusPill } from './parts';
import { tokenPath, tokenQuery } from './tokens';

export function TokenDrawer({ id, now, onClose }: { id: string; now: number; onClose: () => void }) {
  const { data: token, error, refetch } = useQuery(tokenQuery(id));
  return (
    <Drawer title={<bdi>{token?.name ?? 'API token'}</bdi>} onClose={onClose}
      subtitle={token?.description && <p className="muted"><bdi>{token.description}</bdi></p>}>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!token && !error && <Waiting />}
      {token && (
        <>
          <dl className="facts">
            <dt>Status</dt>
            <dd className="row"><TokenStatusPill token={token} now={now} /></dd>
            <dt>Token</dt>
            <dd className="mono">{(token.maskedToken ?? '').replace(/\.+/, '••••••••')}</dd>
            <dt>Time limit</dt>
            <dd><TimeLimit token={token} /></dd>
            <dt>Role</dt>
            <dd><bdi>{token.roleName}</bdi></dd>
            <dt>Allowed networks</dt>
            <dd>{token.allowedCidrs?.length ? token.allowedCidrs.map((network) => <div key={network} className="mono">{network}</div>) : 'Any'}</dd>
            <dt>Last used</dt>
            <dd><LastUsed token={token} /></dd>
            <dt>Created</dt>
            <dd><Time value={token.createTime ?? ''} /> by <Actor value={token.createdBy} /></dd>
            <dt>Last updated</dt>
            <dd><Time value={token.updateTime ?? ''} /></dd>
          </dl>
          <div>
            <Link to={tokenPath(id) as '/'} className="button primary">Manage API token</Link>
          </div>
        </>
      )}
    </Drawer>
  );
}
