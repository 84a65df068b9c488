// CodeMirror in a shadow root, where its styles are adopted sheets and so pass a policy without inline styles.

import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { setDiagnostics } from '@codemirror/lint';
import { Compartment, EditorState } from '@codemirror/state';
import type { Text } from '@codemirror/state';
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';
import type { Wiring } from './inputs.tsx';

// Custom properties of the page reach into the shadow root, so that one theme serves light and dark.
const theme = EditorView.theme({
  '&': { color: 'var(--text)', backgroundColor: 'var(--surface)', fontSize: '13px', minHeight: '180px',
    maxHeight: '480px' },
  '.cm-scroller': { fontFamily: '"Geist Mono", ui-monospace, monospace', lineHeight: '20px', overflow: 'auto' },
  '.cm-gutters': { color: 'var(--muted)', backgroundColor: 'var(--code)', border: '0' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--accent) 8%, transparent)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-selectionBackground, &.cm-focused .cm-selectionBackground': { backgroundColor: 'var(--soft) !important' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-tooltip': { color: 'var(--text)', backgroundColor: 'var(--raised)', border: '1px solid var(--line)' },
  // CodeMirror's own mark is a data: image, which the policy forbids.
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--danger)' },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--danger)' },
});
const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--keyword)' },
  { tag: [tags.string, tags.content], color: 'var(--string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--variable)' },
  { tag: tags.comment, color: 'var(--muted)' },
]);

interface Props {
  readonly language: 'yaml' | 'json';
  readonly value: string;
  readonly label: string;
  readonly wiring: Wiring;
  readonly problem: string | undefined;
  readonly onChange: (value: string) => void;
  readonly onLeave: (value: string) => void;
}

/** Where "(line 2, column 10)" of the server's message lies. */
function rangeOf(text: Text, problem: string): { from: number; to: number } {
  const found = /line (\d+)(?:, column (\d+))?/.exec(problem);
  const line = text.line(Math.min(Math.max(Number(found?.[1] ?? 1), 1), text.lines));
  const from = Math.min(line.from + Math.max(Number(found?.[2] ?? 1) - 1, 0), line.to);
  return { from, to: Math.max(from, line.to) };
}

function attributes(label: string, wiring: Wiring): { [name: string]: string } {
  return { 'aria-label': label, 'aria-multiline': 'true', 'aria-invalid': String(wiring['aria-invalid']) };
}

export default function CodeEditor({ language, value, label, wiring, problem, onChange, onLeave }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const marks = useRef(new Compartment());
  const latest = useRef({ onChange, onLeave });
  latest.current = { onChange, onLeave };

  useEffect(() => {
    if (!host.current) return undefined;
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: 'open', delegatesFocus: true });
    const editor = new EditorView({
      root, parent: root,
      state: EditorState.create({ doc: value, extensions: [
        lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(), highlightActiveLine(),
        language === 'yaml' ? yaml() : [], syntaxHighlighting(colours), theme, EditorView.lineWrapping,
        // Escape, then Tab, leaves the editor, as CodeMirror documents.
        keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
        marks.current.of(EditorView.contentAttributes.of(attributes(label, wiring))),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) latest.current.onChange(update.state.doc.toString());
          if (update.focusChanged && !update.view.hasFocus) latest.current.onLeave(update.state.doc.toString());
        }),
      ] }),
    });
    view.current = editor;
    return () => { editor.destroy(); view.current = null; };
    // The editor is made once; what changes later is dispatched below.
    // eslint-disable-next-line
  }, [language]);

  useEffect(() => {
    const editor = view.current;
    if (editor && editor.state.doc.toString() !== value)
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    editor.dispatch(setDiagnostics(editor.state, problem === undefined ? []
      : [{ ...rangeOf(editor.state.doc, problem), severity: 'error', message: problem }]),
    { effects: marks.current.reconfigure(EditorView.contentAttributes.of(attributes(label, wiring))) });
  }, [problem, label, wiring]);

  return <div className="code-editor" ref={host} id={wiring.id} aria-invalid={wiring['aria-invalid']}
    tabIndex={-1} />;
}
