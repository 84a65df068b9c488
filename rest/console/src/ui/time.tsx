// Times: relative or exact, in the reader's zone; the tooltip has the exact one and UTC.
import { useEffect, useState } from 'react';
import { serverNow } from '../api/client';

const dateTime = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'long' });
const utc = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });

export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

export const MINUTE = 60000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const formatTime = (time: string | number | Date): string => dateTime.format(new Date(time));
export const formatUtc = (time: string | number | Date): string => `${utc.format(new Date(time))} UTC`;
const tipOf = (time: string): string => `${exact.format(new Date(time))}\n${formatUtc(time)}`;

export function formatRelative(time: string): string {
  const gone = new Date(time).getTime() - serverNow();
  const size = Math.abs(gone);
  if (size < MINUTE) return 'now';
  if (size < HOUR) return relative.format(Math.trunc(gone / MINUTE), 'minute');
  if (size < DAY) return relative.format(Math.trunc(gone / HOUR), 'hour');
  if (size < 30 * DAY) return relative.format(Math.trunc(gone / DAY), 'day');
  return formatTime(time);
}

export function Time({ value, isRelative = false }: { value: string; isRelative?: boolean }) {
  return (
    <time dateTime={value} data-tip={tipOf(value)} tabIndex={0}>
      {isRelative ? formatRelative(value) : formatTime(value)}
    </time>
  );
}

// The server's time, renewed as soon as the earliest of `times` has come, and at least once a minute.
export function useNow(times: (string | undefined)[]): number {
  const [now, setNow] = useState(serverNow);
  const next = Math.min(
    now + MINUTE,
    ...times.map((time) => (time ? new Date(time).getTime() : Infinity)).filter((time) => time > now),
  );
  useEffect(() => {
    const timer = setTimeout(() => setNow(serverNow()), Math.max(50, next - serverNow() + 20));
    return () => clearTimeout(timer);
  }, [next]);
  return now;
}
