// A value that is shown once: masked until asked for, and again after a minute or when the page is hidden. It can be
// copied and downloaded while it is masked.
import { Check, Copy, Download, Eye, EyeOff } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { copy } from './copy';
import { sayError } from './toast';

const MASK_AFTER = 60000;
const SAID_FOR = 2000;

// A file's name from an object's: what file systems refuse becomes an underscore.
// eslint-disable-next-line no-control-regex
const fileName = (name: string): string => `${name.replace(/[\u0000-\u001f<>:"/\\|?*]/g, '_').trim() || 'token'}.txt`;

function download(value: string, name: string) {
  const address = URL.createObjectURL(new Blob([value], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = fileName(name);
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

export function ShownOnce({ value, name, noun, onSaved }: { value: string; name: string; noun: string; onSaved: () => void }) {
  const node = useRef<HTMLElement>(null);
  const [shown, setShown] = useState(false);
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (!shown) return;
    const hide = () => document.hidden && setShown(false);
    const timer = setTimeout(() => setShown(false), MASK_AFTER);
    document.addEventListener('visibilitychange', hide);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', hide);
    };
  }, [shown]);
  useEffect(() => {
    if (said !== 'Copied') return;
    const timer = setTimeout(() => setSaid(''), SAID_FOR);
    return () => clearTimeout(timer);
  }, [said]);
  const onCopy = async () => {
    const copied = await copy(value, node.current!);
    setSaid(copied ? 'Copied' : 'The browser did not allow copying. The value is selected: press Ctrl+C.');
    if (copied) onSaved();
    else {
      setShown(true);
      requestAnimationFrame(() => getSelection()?.selectAllChildren(node.current!));
    }
  };
  const onDownload = () => {
    try {
      download(value, name);
      onSaved();
    } catch (error) {
      sayError(error);
    }
  };
  return (
    <div className="stack">
      <div className="shown-once">
        <code ref={node} data-testid="shown-once">{shown ? value : '•'.repeat(32)}</code>
        <button type="button" className="button icon" aria-label={`${shown ? 'Hide' : 'Show'} ${noun}`}
          onClick={() => setShown(!shown)}>{shown ? <EyeOff /> : <Eye />}</button>
      </div>
      <div className="row">
        <button type="button" className="button" onClick={() => void onCopy()}>
          {said === 'Copied' ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
          Copy
        </button>
        <button type="button" className="button" onClick={onDownload}>
          <Download aria-hidden="true" />
          Download
        </button>
        <span role="status" className={said === 'Copied' || said === '' ? 'muted' : 'error'}>{said}</span>
      </div>
    </div>
  );
}

// A command with a button that copies it.
export function Command({ title, text }: { title: string; text: string }) {
  const node = useRef<HTMLPreElement>(null);
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (said === '') return;
    const timer = setTimeout(() => setSaid(''), SAID_FOR);
    return () => clearTimeout(timer);
  }, [said]);
  const onCopy = async () => setSaid((await copy(text, node.current!)) ? 'Copied' : 'Press Ctrl+C');
  return (
    <figure className="command">
      <figcaption>
        <span className="spread">{title}</span>
        <span role="status">{said}</span>
        <button type="button" className="button icon compact" aria-label={`Copy the ${title} command`}
          onClick={() => void onCopy()}>{said === 'Copied' ? <Check /> : <Copy />}</button>
      </figcaption>
      <pre ref={node} tabIndex={0}>{text}</pre>
    </figure>
  );
}
