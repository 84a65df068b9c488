// Small parts that the pages of resources share.

import { Link } from '@tanstack/react-router';
import type { ComponentProps, ReactNode } from 'react';

export function Button({ tone = '', className = '', ...rest }:
  ComponentProps<'button'> & { tone?: '' | 'primary' | 'danger' | 'quiet' | 'icon' | 'danger-text' }) {
  return <button type="button" {...rest} className={`button ${tone} ${className}`.replace(/ +/g, ' ').trim()} />;
}

/** A link to a page of the console; the address is made by `addresses`, which the router's types do not know. */
export function PageLink({ to, className = '', children }: { to: string; className?: string; children: ReactNode }) {
  return <Link className={className} to={to as '/'}>{children}</Link>;
}

const TONES: { readonly [status: string]: string } = {
  ENABLED: 'success', ACTIVE: 'success', CONNECTED: 'success', EXPIRED: 'warning', NOT_CONNECTED: 'warning',
};

/** A dot and a word, never colour alone. */
export function Pill({ status, label }: { status: string; label: string }) {
  return <span className={`pill ${TONES[status] ?? ''}`.trim()}>{label}</span>;
}

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] =
  [['year', 31536000], ['month', 2592000], ['day', 86400], ['hour', 3600], ['minute', 60]];

function relative(time: number): string {
  const seconds = (time - Date.now()) / 1000;
  const unit = UNITS.find(([, size]) => Math.abs(seconds) >= size);
  const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  return unit ? format.format(Math.round(seconds / unit[1]), unit[0]) : 'just now';
}

/** A time in words; the exact one, local and UTC, in the title. */
export function Time({ value, exact = false }: { value: string; exact?: boolean }) {
  const date = new Date(value);
  if (value === '' || Number.isNaN(date.getTime())) return <span className="muted">Never</span>;
  const local = date.toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' });
  return <time dateTime={value} title={`${local} local time · ${date.toISOString()} (UTC)`}>
    {exact ? local : relative(date.getTime())}</time>;
}

/** Descriptions of the contract: what stands in backticks is code. */
export function Prose({ text }: { text: string }) {
  return <>{text.split('`').map((part, index) => index % 2 ? <code key={index}>{part}</code> : part)}</>;
}
