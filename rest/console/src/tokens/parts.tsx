// What the list, the drawer and the page of API tokens share.
import { Time } from '../ui/time';
import { type ApiToken, soonText, statusOf, type TokenStatus } from './tokens';

const words: { [status in TokenStatus]: [tone: string, word: string] } = {
  ACTIVE: ['success', 'Active'],
  EXPIRED: ['', 'Expired'],
  DISABLED: ['', 'Disabled'],
};

export const statusWord = (status: TokenStatus): string => words[status][1];

export function TokenStatusPill({ token, now }: { token: ApiToken; now: number }) {
  const [tone, word] = words[statusOf(token, now)];
  const soon = soonText(token, now);
  return (
    <>
      <span className={`pill ${tone}`}>{word}</span>
      {soon && <> <span className="pill warning">{soon}</span></>}
    </>
  );
}

export const TimeLimit = ({ token }: { token: ApiToken }) =>
  token.expireTime ? <Time value={token.expireTime} /> : <>Indefinite</>;

export function LastUsed({ token }: { token: ApiToken }) {
  if (!token.lastUsedTime) return <span className="muted">Never used</span>;
  return (
    <span className="muted last-used">
      <Time value={token.lastUsedTime} isRelative />
      {token.lastUsedIp && <span> from <span className="nowrap">{token.lastUsedIp}</span></span>}
    </span>
  );
}
