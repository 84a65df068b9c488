// What a page shows while it waits, when there is nothing, and when something failed.
import { CircleAlert, Lock } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { isStatus, messageOf, Problem } from '../api/problem';

export function Waiting({ label = 'Loading' }: { label?: string }) {
  return (
    <div className="empty" role="status">
      <span className="spinner" />
      <span className="hidden-text">{label}</span>
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

// Counts down to a retry that the server asked for.
function Retry({ seconds, retry }: { seconds: number; retry: () => void }) {
  const [left, setLeft] = useState(seconds);
  useEffect(() => {
    if (left <= 0) {
      retry();
      return;
    }
    const timer = setTimeout(() => setLeft(left - 1), 1000);
    return () => clearTimeout(timer);
  }, [left, retry]);
  return <p>{left > 0 ? `The next try is in ${left} s.` : 'Trying again …'}</p>;
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  if (isStatus(error, 403))
    return (
      <div className="empty">
        <Lock aria-hidden="true" />
        <h2>You may not see this</h2>
        <p>{error.permission ? <>Your role lacks the permission <code>{error.permission}</code>.</> : error.message}</p>
      </div>
    );
  if (isStatus(error, 404))
    return (
      <Empty title="Not found">
        <p>There is nothing at this address. It may have been deleted.</p>
      </Empty>
    );
  const waits = error instanceof Problem && (error.status === 429 || error.status === 503);
  return (
    <div className="empty" role="alert">
      <CircleAlert aria-hidden="true" />
      <h2>This could not be loaded</h2>
      <p>{messageOf(error)}</p>
      {retry && waits && <Retry seconds={error.retryAfter || 5} retry={retry} />}
      {retry && (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      )}
      {error instanceof Problem && error.requestId && <p className="hint">Request {error.requestId}</p>}
    </div>
  );
}
