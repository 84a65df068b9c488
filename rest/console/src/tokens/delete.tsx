// Asks before a token is deleted: which one, when and from where it was last used, and what breaks.
import { useQueryClient } from '@tanstack/react-query';
import { useId, useRef, useState } from 'react';
import { isStatus, messageOf } from '../api/problem';
import { serverNow } from '../api/client';
import { ModalDialog } from '../ui/dialog';
import { FieldError } from '../ui/field';
import { DAY, formatRelative } from '../ui/time';
import { say } from '../ui/toast';
import { type ApiToken, deleteToken, tokenQuery } from './tokens';

export const lastUseText = ({ lastUsedTime, lastUsedIp }: ApiToken): string =>
  lastUsedTime
    ? `The token was last used ${formatRelative(lastUsedTime)}${lastUsedIp ? ` from ${lastUsedIp}` : ''}.`
    : 'The token was never used.';

export function DeleteTokenDialog({ token: given, onClose, onDone }:
  { token: ApiToken; onClose: () => void; onDone: () => void }) {
  const client = useQueryClient();
  const cancel = useRef<HTMLButtonElement>(null);
  const id = useId();
  const [token, setToken] = useState(given);
  const [typed, setTyped] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const isLive = token.lastUsedTime !== undefined && serverNow() - new Date(token.lastUsedTime).getTime() < DAY;
  const remove = async () => {
    setBusy(true);
    try {
      await deleteToken(token);
      say(`The API token "${token.name}" was deleted.`);
      await client.invalidateQueries({ queryKey: ['api-tokens'], refetchType: 'none' });
      onDone();
    } catch (failure) {
      if (isStatus(failure, 404)) {
        onDone();
        return;
      }
      if (isStatus(failure, 412)) {
        setToken(await client.fetchQuery({ ...tokenQuery(token.id!), staleTime: 0 }));
        setError('Somebody has changed the token since you read it. What is shown here now is its new state.');
      } else setError(messageOf(failure));
      setBusy(false);
    }
  };
  return (
    <ModalDialog title="Delete API token" onClose={onClose} initialFocus={cancel}>
      <p>Delete the API token <strong>{token.name}</strong>? This cannot be undone.</p>
      <p>{lastUseText(token)} Programs that use it stop working at once. Its history stays readable.</p>
      {isLive && (
        <div className="field">
          <label htmlFor={id}>The token is in use. Type its name to delete it.</label>
          <input id={id} className="input" value={typed} autoComplete="off" spellCheck={false}
            onChange={(event) => setTyped(event.target.value)} />
        </div>
      )}
      <FieldError>{error}</FieldError>
      <footer>
        <button ref={cancel} type="button" className="button" onClick={onClose}>Cancel</button>
        <button type="button" className="button danger" disabled={busy || (isLive && typed.trim() !== token.name)}
          onClick={() => void remove()}>Delete</button>
      </footer>
    </ModalDialog>
  );
}
