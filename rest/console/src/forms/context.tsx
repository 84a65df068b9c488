// What the pages of resources share: the kinds of the document, and what the reader may do.

import { queryOptions, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useSession } from '../session/session';
import type { Document, JsonObject } from './document.ts';
import { kindsOf } from './model.ts';
import type { Kind } from './model.ts';
import { send, withId } from './send.ts';
import type { Answer } from './send.ts';

export interface Resources {
  readonly document: Document;
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly may: (permission: string | undefined) => boolean;
}

interface Loaded {
  readonly document: Document;
  readonly kinds: ReadonlyMap<string, Kind>;
}

async function load(): Promise<Loaded> {
  const { data } = await send({ method: 'get', path: '/api/v1/swagger/openapi.json' });
  const document = data as unknown as Document;
  return { document, kinds: new Map(kindsOf(document).map((kind) => [kind.name, kind])) };
}

/** The document is read once; a page that needs it waits for it. */
const documentQuery = queryOptions({ queryKey: ['document'], queryFn: load, staleTime: Infinity, gcTime: Infinity });

export function useResources(): Resources {
  const { data } = useSuspenseQuery(documentQuery);
  const permissions = useSession()?.permissions;
  return useMemo(() => {
    const held = new Set(permissions);
    return { ...data, may: (permission) => permission === undefined || held.has(permission) };
  }, [data, permissions]);
}

export function objectKey(kind: Kind, id: string): readonly string[] {
  return ['resources', kind.name, 'object', id];
}

/** One object with its ETag. */
export function useObject(kind: Kind, id: string) {
  return useQuery<Answer>({
    queryKey: objectKey(kind, id),
    queryFn: ({ signal }) => send({ method: 'get', path: withId(kind.get.path, id), signal }),
  });
}

export function textOf(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === 'string' ? value : '';
}

/** Addresses of the pages, below the console's own path. */
export const addresses = {
  list: (kind: string) => `/resources/${kind}`,
  create: (kind: string) => `/resources/${kind}/new`,
  details: (kind: string, id: string) => `/resources/${kind}/${id}`,
  edit: (kind: string, id: string) => `/resources/${kind}/${id}/edit`,
  tokens: () => '/organization/settings/api-tokens',
  docs: (tag: string, operation: string) => `/api/v1/swagger/index.html#/${tag}/${operation}`,
};
