// Gives a token a new value: asks when the old one stops working, then shows the new one, once.
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { api, dataOf, newKey, serverNow } from '../api/client';
import { isStatus } from '../api/problem';
import { type Organization, useOrganization } from '../session/session';
import { ModalDialog } from '../ui/dialog';
import { Summary, violationAt } from '../ui/violations';
import { lastUseText } from './delete';
import { type Expiration, expirationBody, ExpirationChoice, expirationError, initialExpiration } from './expiration';
import { SavedToken } from './saved';
import { type ApiToken, statusOf, tokenQuery } from './tokens';

const overlaps = [
  { seconds: 0, title: 'Now' },
  { seconds: 3600, title: 'In 1 hour' },
  { seconds: 86400, title: 'In 24 hours' },
  { seconds: 604800, title: 'In 7 days' },
];

function NewValue({ token, onClose }: { token: ApiToken; onClose: () => void }) {
  const saved = useRef(false);
  const [asking, setAsking] = useState(false);
  const close = () => (saved.current || asking ? onClose() : setAsking(true));
  return (
    <ModalDialog title="Save Token" onClose={close}>
      <SavedToken value={token.token ?? ''} name={token.name ?? ''} onSaved={() => { saved.current = true; }} />
      {asking && (
        <p className="banner danger" role="alert">
          You have neither copied nor downloaded the token. It is never shown again. Press Done again to leave without it.
        </p>
      )}
      <footer><button type="button" className="button primary" onClick={close}>Done</button></footer>
    </ModalDialog>
  );
}

// An expired token must be given a new time limit.
function useNewLimit(isExpired: boolean, organization: Organization | undefined) {
  const [limit, setLimit] = useState<Expiration>(() => ({
    ...initialExpiration(organization, 'ONE_WEEK'), isSet: true,
  }));
  return { limit, setLimit, error: isExpired ? expirationError(limit, organization) : '' };
}

export function RegenerateDialog({ token: given, onClose }: { token: ApiToken; onClose: () => void }) {
  const client = useQueryClient();
  const organization = useOrganization();
  const [token, setToken] = useState(given);
  const isExpired = statusOf(token, serverNow()) === 'EXPIRED';
  const { limit, setLimit, error: limitError } = useNewLimit(isExpired, organization);
  const [overlap, setOverlap] = useState(0);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [fresh, setFresh] = useState<ApiToken>();
  const cancel = useRef<HTMLButtonElement>(null);
  const key = useRef(newKey());
  const regenerate = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const answer = await dataOf(api.POST('/api/v1/api-tokens/{id}:regenerate', {
        params: { path: { id: token.id! } },
        headers: { 'If-Match': `"${token.etag}"`, 'Idempotency-Key': key.current },
        body: (isExpired ? expirationBody(limit) : { overlapSeconds: overlap }) as never,
      }));
      setFresh(answer as ApiToken);
    } catch (failure) {
      key.current = newKey();
      if (isStatus(failure, 412)) {
        setToken(await client.fetchQuery({ ...tokenQuery(token.id!), staleTime: 0 }));
        setError(new Error('Somebody has changed the token since you read it. What is shown here now is its new state.'));
      } else setError(failure);
    } finally {
      setBusy(false);
    }
  };
  if (fresh) return <NewValue token={fresh} onClose={onClose} />;
  return (
    <ModalDialog title="Regenerate API token" onClose={onClose} initialFocus={cancel}>
      <p>Give <strong>{token.name}</strong> a new value? {lastUseText(token)} Programs that use the old value must be given the new one.</p>
      {isExpired
        ? <ExpirationChoice value={limit} onChange={setLimit} organization={organization}
            error={limitError || violationAt(error, 'expireTime')} />
        : (
          <fieldset className="field plain">
            <legend className="label">Old value stops working</legend>
            <div className="segments">
              {overlaps.map(({ seconds, title }) => (
                <label key={seconds}>
                  <input type="radio" name="overlap" checked={overlap === seconds} onChange={() => setOverlap(seconds)} />
                  {title}
                </label>
              ))}
            </div>
          </fieldset>
        )}
      <Summary error={error} fields={['expireTime', 'expiration']} />
      <footer>
        <button ref={cancel} type="button" className="button" onClick={onClose}>Cancel</button>
        <button type="button" className="button danger" disabled={busy || limitError !== ''}
          onClick={() => void regenerate()}>Regenerate</button>
      </footer>
    </ModalDialog>
  );
}
