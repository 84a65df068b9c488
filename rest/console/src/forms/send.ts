// One request to the API and its answer with the ETag, over the console's one way to the server.

import { newKey, send as sendRequest } from '../api/client';
import { Problem } from '../api/problem';
import type { Json, JsonObject, Method } from './document.ts';
import type { Violation } from './rules.ts';

export interface ApiRequest {
  readonly method: Method;
  readonly path: string;
  readonly query?: { readonly [name: string]: string | readonly string[] | undefined };
  readonly body?: JsonObject;
  /** The ETag that the object must still have. */
  readonly ifMatch?: string | undefined;
  /** The same key makes the server do the same request once. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly data: JsonObject;
  readonly etag: string | undefined;
}

export { newKey };

/** The path with its `{id}` filled in. */
export function withId(path: string, id: string): string {
  return path.replace('{id}', encodeURIComponent(id));
}

/** A string of a filter: `name:"it"`. */
export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

function addressOf(path: string, query: ApiRequest['query'] = {}): URL {
  const address = new URL(path, window.location.origin);
  for (const [name, value] of Object.entries(query))
    for (const each of value === undefined ? [] : typeof value === 'string' ? [value] : value)
      address.searchParams.append(name, each);
  return address;
}

export async function send(request: ApiRequest): Promise<Answer> {
  const headers = new Headers({ accept: 'application/json' });
  if (request.body) headers.set('content-type', 'application/json');
  if (request.ifMatch !== undefined) headers.set('if-match', request.ifMatch);
  if (request.idempotencyKey !== undefined) headers.set('idempotency-key', request.idempotencyKey);
  const response = await sendRequest(new Request(addressOf(request.path, request.query), {
    method: request.method.toUpperCase(), headers,
    ...(request.body ? { body: JSON.stringify(request.body) } : {}),
    ...(request.signal ? { signal: request.signal } : {}),
  }));
  const text = await response.text();
  const data = text === '' ? {} : JSON.parse(text) as Json;
  return { data: data as JsonObject, etag: response.headers.get('etag') ?? undefined };
}

/** What the server found wrong, by path; empty when the problem is of another sort. */
export function violationsOf(error: unknown): Violation[] {
  return error instanceof Problem
    ? error.violations.map(({ field, description }) => ({ path: field, text: description })) : [];
}
