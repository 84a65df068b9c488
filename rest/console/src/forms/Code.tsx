// A command with its colours. lowlight gives a tree of tokens, which become elements: no text is ever read as HTML.

import bash from 'highlight.js/lib/languages/bash';
import powershell from 'highlight.js/lib/languages/powershell';
import { createLowlight } from 'lowlight';
import type { ReactNode } from 'react';

const lowlight = createLowlight({ bash, powershell });

interface Token {
  readonly type: string;
  readonly value?: string;
  readonly properties?: { readonly className?: unknown };
  readonly children?: readonly Token[];
}

function elements(tokens: readonly Token[]): ReactNode[] {
  return tokens.map((token, index) => {
    if (token.type === 'text') return token.value;
    const names = token.properties?.className;
    return <span key={index} className={Array.isArray(names) ? names.join(' ') : ''}>
      {elements(token.children ?? [])}</span>;
  });
}

export default function Code({ text, language }: { text: string; language: 'bash' | 'powershell' }) {
  return <>{elements(lowlight.highlight(language, text).children as readonly Token[])}</>;
}
