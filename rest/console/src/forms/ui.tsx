// Small parts that the pages of resources share.

import { Link } from '@tanstack/react-router';
import type { ComponentProps, ReactNode } from 'react';
import { Time as AnyTime } from '../ui/time';

export function Button({ tone = '', className = '', ...rest }:
  ComponentProps<'button'> & { tone?: '' | 'primary' | 'danger' | 'quiet' | 'icon' | 'danger-text' }) {
  return <button type="button" {...rest} className={`button ${tone} ${className}`.replace(/ +/g, ' ').trim()} />;
}

/** A link to a page of the console; the address is made by `addresses`, which the router's types do not know. */
export function PageLink({ to, ...rest }: { to: string; className?: string; children: ReactNode }) {
  return <Link {...rest} to={to as '/'} />;
}

const TONES: { readonly [status: string]: string } = {
  ENABLED: 'success', ACTIVE: 'success', CONNECTED: 'success', EXPIRED: 'warning', NOT_CONNECTED: 'warning',
};

/** A dot and a word, never colour alone. */
export function Pill({ status, label }: { status: string; label: string }) {
  return <span className={`pill ${TONES[status] ?? ''}`.trim()}>{label}</span>;
}

/** A time in words, or the exact one; both, local and UTC, in the tooltip. */
export function Time({ value, exact = false }: { value: string; exact?: boolean }) {
  if (Number.isNaN(Date.parse(value))) return <span className="muted">Never</span>;
  return <AnyTime value={value} isRelative={!exact} />;
}

/** Descriptions of the contract: what stands in backticks is code. */
export function Prose({ text }: { text: string }) {
  return <>{text.split('`').map((part, index) => index % 2 ? <code key={index}>{part}</code> : part)}</>;
}
