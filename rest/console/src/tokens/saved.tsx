// What is shown with a new value: the value itself, how to use it, and a test of it.
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { messageOf, Problem } from '../api/problem';
import { Command, ShownOnce } from '../ui/secret';
import { formatTime } from '../ui/time';

const WHO_AM_I = `${window.location.origin}/api/v1/authorization/whoami`;

interface WhoAmI {
  caller?: { roleName?: string; expireTime?: string };
}

// Asks with the new token alone, and not with the reader's session.
async function tryToken(value: string): Promise<string> {
  const response = await fetch(WHO_AM_I, {
    credentials: 'omit',
    headers: { authorization: `Bearer ${value}`, accept: 'application/json' },
  });
  if (response.status === 401) return 'The token is not accepted from this address.';
  if (!response.ok) throw await Problem.of(response);
  const { caller = {} } = (await response.json()) as WhoAmI;
  const limit = caller.expireTime ? `until ${formatTime(caller.expireTime)}` : 'without a time limit';
  return `The token works ${limit}, with the role ${caller.roleName ?? ''}.`;
}

export function SavedToken({ value, name, onSaved }: { value: string; name: string; onSaved: () => void }) {
  const [result, setResult] = useState('');
  const [busy, setBusy] = useState(false);
  const test = async () => {
    setBusy(true);
    setResult(await tryToken(value).catch(messageOf));
    setBusy(false);
  };
  return (
    <>
      <p className="banner">
        <TriangleAlert aria-hidden="true" />
        <span>Save the token now. It is shown only on this step, and cannot be read again.</span>
      </p>
      <ShownOnce value={value} name={name} noun="token" onSaved={onSaved} />
      <div className="row">
        <button type="button" className="button" disabled={busy} onClick={() => void test()}>Test token</button>
        <span role="status">{result}</span>
      </div>
      <Command title="Bash" text={`export API_TOKEN='…'\ncurl -H "Authorization: Bearer $API_TOKEN" \\\n  ${WHO_AM_I}`} />
      <Command title="PowerShell"
        text={`$API_TOKEN = '…'\nInvoke-RestMethod \`\n  -Uri ${WHO_AM_I} \`\n  -Headers @{ Authorization = "Bearer $API_TOKEN" }`} />
    </>
  );
}
