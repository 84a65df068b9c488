// API Preview: the request that the form sends, as commands to copy.

import { Tabs } from '@base-ui/react/tabs';
import { useQuery } from '@tanstack/react-query';
import { Suspense, lazy, useEffect, useRef, useState } from 'react';
import { Drawer } from '../ui/dialog';
import { Failure, Waiting } from '../ui/states';
import { addresses, textOf } from './context.tsx';
import { copy } from '../ui/copy.ts';
import type { JsonObject } from './document.ts';
import type { Kind } from './model.ts';
import { send } from './send.ts';
import { Button, PageLink } from './ui.tsx';

const Code = lazy(() => import('./Code.tsx'));
const LANGUAGES = [['powershell', 'PowerShell'], ['bash', 'Bash']] as const;
const SHOWN_MS = 2000;

function CopyButton({ text, target }: { text: string; target: () => Node | null }) {
  const [state, setState] = useState<'ready' | 'done' | 'failed'>('ready');
  useEffect(() => {
    if (state !== 'done') return undefined;
    const timer = setTimeout(() => setState('ready'), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const press = async (): Promise<void> => {
    const node = target();
    setState(node && await copy(text, node) ? 'done' : 'failed');
  };
  return <>
    <Button tone="quiet" className="compact" onClick={() => void press()}>{state === 'done' ? 'Copied' : 'Copy'}</Button>
    <span className={state === 'failed' ? 'copy-failed' : 'hidden-text'} role="status">
      {state === 'failed' ? 'Could not copy. The text is selected: press Ctrl+C.' : state === 'done' ? 'Copied' : ''}
    </span>
  </>;
}

function Command({ text, language }: { text: string; language: 'bash' | 'powershell' }) {
  const node = useRef<HTMLElement>(null);
  const [isWrapped, setWrapped] = useState(false);
  return <>
    <div className="code-tools">
      <Button tone="quiet" aria-pressed={isWrapped} onClick={() => setWrapped(!isWrapped)}>Wrap</Button>
      <CopyButton text={text} target={() => node.current} />
    </div>
    <pre className={isWrapped ? 'code code-wrapped' : 'code'} tabIndex={0} aria-label="Command">
      <code ref={node}><Suspense fallback={text}><Code text={text} language={language} /></Suspense></code>
    </pre>
  </>;
}

function Commands({ kind, preview }: { kind: Kind; preview: JsonObject }) {
  return <>
    <p className="verb"><b>{textOf(preview, 'method')}</b> <span>{textOf(preview, 'path')}</span></p>
    <Tabs.Root defaultValue="powershell" className="code-block">
      <Tabs.List className="code-tabs">
        {LANGUAGES.map(([value, label]) => <Tabs.Tab key={value} value={value} className="code-tab">{label}</Tabs.Tab>)}
      </Tabs.List>
      {LANGUAGES.map(([value]) => <Tabs.Panel key={value} value={value} className="code-panel">
        <Command text={textOf(preview, value)} language={value} /></Tabs.Panel>)}
    </Tabs.Root>
    {Array.isArray(preview['secrets']) && preview['secrets'].length > 0 &&
      <p className="hint">Secrets appear as <code>REPLACE_ME</code>. Write their values in their place.</p>}
    <p className="hint">The token's role must permit <code>{kind.create.permission}</code>.</p>
    <div className="drawer-links">
      <PageLink to={addresses.tokens()} className="button">View API tokens</PageLink>
      <a className="button" href={addresses.docs(kind.create.tag, kind.create.id)} target="_blank"
        rel="noreferrer">View API docs</a>
    </div>
  </>;
}

function PreviewContent({ kind, body }: { kind: Kind; body: JsonObject }) {
  const query = useQuery({
    queryKey: ['resources', kind.name, 'preview', body], gcTime: 0, retry: false,
    queryFn: ({ signal }) =>
      send({ method: 'post', path: '/api/v1/api-preview', body: { kind: kind.name, body }, signal }),
  });
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return <Commands kind={kind} preview={query.data.data} />;
}

/** The button and its drawer; `body` is asked for when it opens. */
export function Preview({ kind, body }: { kind: Kind; body: () => JsonObject }) {
  const [shown, setShown] = useState<JsonObject | undefined>(undefined);
  return <>
    <Button onClick={() => setShown(body())}>API Preview</Button>
    {shown && <Drawer title="API Preview" onClose={() => setShown(undefined)}
      subtitle={<p className="muted">The request that this form sends. Set BASE_URL and API_TOKEN first.</p>}>
      <div className="preview"><PreviewContent kind={kind} body={shown} /></div>
    </Drawer>}
  </>;
}
