// What the addresses show. Parameters and search come from the address alone.

import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import '../style/forms.css';
import { cleaned, readListState } from '../ui/liststate.ts';
import type { Change, ListState } from '../ui/liststate.ts';
import { CreatePage } from './CreatePage.tsx';
import { DetailsPage } from './DetailsPage.tsx';
import { EditPage } from './EditPage.tsx';
import { ListPage } from './ListPage.tsx';

function useAddress(): { kind: string; id: string } {
  const { kind = '', id = '' }: { kind?: string; id?: string } = useParams({ strict: false });
  return { kind, id };
}

export function ListRoute() {
  const { kind } = useAddress();
  const search = readListState(useSearch({ strict: false }));
  const navigate = useNavigate();
  const change = useCallback<Change<ListState>>((next, replace = false) => void navigate({ to: '.', replace,
    search: ((before: ListState) => cleaned<ListState>({ ...before, ...next })) as never }), [navigate]);
  return <ListPage kindName={kind} search={search} change={change} />;
}

export function CreateRoute() {
  return <CreatePage kindName={useAddress().kind} />;
}

export function DetailsRoute() {
  const { kind, id } = useAddress();
  return <DetailsPage kindName={kind} id={id} />;
}

export function EditRoute() {
  const { kind, id } = useAddress();
  return <EditPage kindName={kind} id={id} />;
}
