// The one way to the server: every request carries the session's CSRF token and, where it creates, an idempotency key;
// every failure is a Problem or Unreachable. A session that ended is asked for again, and the request repeated then.
import createClient from 'openapi-fetch';
import { Problem, Unreachable } from './problem';
import type { paths } from './schema';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

let csrfToken = '';
let askAgain: (() => Promise<void>) | undefined;

export function setCsrfToken(token: string) {
  csrfToken = token;
}

// `ask` resolves once the reader has signed in again, and rejects when they sign out instead. Undefined while nobody
// is signed in.
export function onSessionEnd(ask: (() => Promise<void>) | undefined) {
  askAgain = ask;
}

// A random key in a context that may not be secure, where crypto.randomUUID is absent.
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function withHeaders(request: Request): Request {
  const headers = new Headers(request.headers);
  if (!SAFE.has(request.method)) headers.set('x-csrf-token', csrfToken);
  return new Request(request, { headers });
}

async function reach(request: Request): Promise<Response> {
  try {
    return await fetch(withHeaders(request));
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new Unreachable();
  }
}

async function refreshCsrfToken(): Promise<void> {
  const response = await fetch('/api/v1/session', { headers: { accept: 'application/json' } });
  if (response.ok) csrfToken = ((await response.json()) as { csrfToken?: string }).csrfToken ?? '';
}

// Signing in is not repeatable work: its failure is an answer, and no reason to ask for the session again.
const isSignIn = ({ method, url }: Request): boolean =>
  method === 'POST' && ['/api/v1/session', '/api/v1/setup'].includes(new URL(url).pathname);

// The server's clock less this one's, in milliseconds: time limits are judged by the server's.
let clockOffset = 0;

export const serverNow = (): number => Date.now() + clockOffset;

function readClock(response: Response, sent: number) {
  const date = Date.parse(response.headers.get('date') ?? '');
  const received = Date.now();
  // The header has whole seconds, so a difference within two says nothing.
  if (!Number.isNaN(date)) {
    const offset = date + 500 - (sent + received) / 2;
    clockOffset = Math.abs(offset) > 2000 ? offset : 0;
  }
}

export async function send(request: Request): Promise<Response> {
  const sent = Date.now();
  if (request.method === 'POST' && !request.headers.has('idempotency-key') && !isSignIn(request))
    request.headers.set('idempotency-key', newKey());
  const again = [request.clone(), request.clone()];
  let response = await reach(request);
  if (response.status === 403) {
    const problem = await Problem.of(response.clone());
    if (problem.reason === 'CSRF') {
      await refreshCsrfToken();
      response = await reach(again[0]!);
    }
  }
  if (response.status === 401 && askAgain !== undefined && !isSignIn(request)) {
    await askAgain();
    response = await reach(again[1]!);
  }
  readClock(response, sent);
  if (!response.ok && response.status !== 304) throw await Problem.of(response);
  return response;
}

export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: send });

// A JSON request to a path that is not known when the program is compiled.
export async function call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  const init: RequestInit = { method, headers: { accept: 'application/json', ...headers } };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...init.headers, 'content-type': 'application/json' };
  }
  const response = await send(new Request(new URL(path, window.location.origin), init));
  const text = await response.text();
  return (text === '' ? {} : JSON.parse(text)) as T;
}

// The data of an answer; failures have been thrown before.
export async function dataOf<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}
