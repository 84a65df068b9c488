// A searchable select of objects of another kind: the server filters by name, and gives the next page on request.

import { Combobox } from '@base-ui/react/combobox';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Check, ChevronDown, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useResources } from './context.tsx';
import type { Json, JsonObject } from './document.ts';
import type { Kind } from './model.ts';
import { quoted, send } from './send.ts';
import type { Wiring } from './inputs.tsx';
import { Button } from './ui.tsx';
import { popupHome, useReadablePage } from '../ui/portal';

interface Option { readonly id: string; readonly name: string }

const PAGE = '50';

function optionsOf(list: Json | undefined): Option[] {
  return (Array.isArray(list) ? list : []).map((each) => {
    const object = each as JsonObject;
    return { id: String(object['id'] ?? ''), name: String(object['name'] ?? '') };
  });
}

function useDelayed(text: string): string {
  const [delayed, setDelayed] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setDelayed(text), 200);
    return () => clearTimeout(timer);
  }, [text]);
  return delayed;
}

function useOptions(kind: Kind, search: string, isOpen: boolean) {
  return useInfiniteQuery({
    queryKey: ['resources', kind.name, 'options', search], enabled: isOpen, initialPageParam: '',
    queryFn: async ({ pageParam, signal }) => {
      const { data } = await send({ method: 'get', path: kind.path, signal, query: {
        pageSize: PAGE, readMask: 'id,name', orderBy: 'name', pageToken: pageParam || undefined,
        filter: search === '' ? undefined : `name:${quoted(search)}`,
      } });
      return { options: optionsOf(data[kind.listKey]), next: String(data['nextPageToken'] ?? '') };
    },
    getNextPageParam: ({ next }) => next === '' ? undefined : next,
    // An option that vanished between press and release would lose the click, and leave the list open.
    placeholderData: keepPreviousData,
  });
}

/** The names of the objects with these ids; the ids themselves while they are unknown. */
export function useNames(kind: Kind | undefined, ids: readonly string[]): readonly Option[] {
  const { data } = useQuery({
    queryKey: ['resources', kind?.name ?? '', 'names', ...ids], enabled: kind?.batchGet !== undefined && ids.length > 0,
    retry: false,
    queryFn: async ({ signal }) => {
      const answer = await send({ method: 'get', path: kind?.batchGet?.path ?? '', query: { ids }, signal });
      return optionsOf(answer.data[kind?.listKey ?? '']);
    },
  });
  return ids.map((id) => data?.find((option) => option.id === id) ?? { id, name: id });
}

interface Props {
  readonly kindName: string;
  readonly ids: readonly string[];
  readonly isMultiple: boolean;
  readonly label: string;
  readonly wiring: Wiring;
  readonly onChange: (ids: readonly string[]) => void;
  readonly onLeave: () => void;
}

export function ReferenceInput(props: Props) {
  const kind = useResources().kinds.get(props.kindName);
  if (!kind)
    return <input className="input" {...props.wiring} value={props.ids.join(', ')} onBlur={props.onLeave}
      onChange={(event) => props.onChange(event.target.value.split(/[\s,]+/).filter((id) => id !== ''))} />;
  return <ReferenceSelect {...props} kind={kind} />;
}

function ReferenceSelect({ kind, ids, isMultiple, label, wiring, onChange, onLeave }: Props & { kind: Kind }) {
  const [isOpen, setOpen] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const keepReadable = useReadablePage(field);
  const [search, setSearch] = useState('');
  const query = useOptions(kind, useDelayed(search.trim()), isOpen);
  const [picked, setPicked] = useState<readonly Option[]>([]);
  const named = useNames(kind, ids.filter((id) => !picked.some((option) => option.id === id)));
  const chosen = ids.map((id) => picked.find((option) => option.id === id) ??
    named.find((option) => option.id === id) ?? { id, name: id });
  const found = query.data?.pages.flatMap(({ options }) => options) ?? [];
  const items = [...found, ...chosen.filter((option) => !found.some(({ id }) => id === option.id))];
  const choose = (options: readonly Option[]): void => {
    setPicked(options);
    setSearch('');
    onChange(options.map(({ id }) => id));
  };
  const shared = {
    items: isOpen ? found : items, filter: null, open: isOpen,
    onOpenChange: (open: boolean): void => {
      keepReadable(open);
      setOpen(open);
    },
    itemToStringLabel: (option: Option) => option.name,
    isItemEqualToValue: (one: Option, other: Option) => one.id === other.id,
  };
  const popup = <Combobox.Portal container={popupHome()}>
    <Combobox.Positioner className="positioner" sideOffset={4}>
      <Combobox.Popup className="popup popup-wide" aria-busy={query.isFetching || undefined}>
        <Combobox.Status className="popup-status">{statusOf(query.isPending, query.isError, found.length, kind)}
        </Combobox.Status>
        <Combobox.List className="popup-list">
          {(option: Option) => <Combobox.Item key={option.id} value={option} className="option">
            <span className="mark"><Combobox.ItemIndicator render={<Check aria-hidden="true" />} /></span>
            <span className="popup-name">{option.name}</span>
          </Combobox.Item>}
        </Combobox.List>
        {query.hasNextPage && <Button className="popup-more" onClick={() => void query.fetchNextPage()}>Show more</Button>}
      </Combobox.Popup>
    </Combobox.Positioner>
  </Combobox.Portal>;
  const input = <Combobox.Input ref={field} className="reference-input" {...wiring} aria-label={label} onBlur={onLeave}
    placeholder={chosen.length > 0 ? '' : `Search ${kind.title.toLowerCase()}`} />;
  const trigger = <Combobox.Trigger className="reference-trigger" aria-label={`Open ${label}`} tabIndex={-1}>
    <ChevronDown /></Combobox.Trigger>;
  if (isMultiple)
    return <Combobox.Root<Option, true> multiple {...shared} value={[...chosen]} onValueChange={choose} inputValue={search}
      onInputValueChange={setSearch}>
      <Combobox.InputGroup className="input reference">
        <Combobox.Chips className="chips">
          {chosen.map((option) => <Combobox.Chip key={option.id} className="chip" aria-label={option.name}>
            <span className="chip-name">{option.name}</span>
            <Combobox.ChipRemove className="chip-remove" aria-label={`Remove ${option.name}`}><X /></Combobox.ChipRemove>
          </Combobox.Chip>)}
          {input}
        </Combobox.Chips>
        {trigger}
      </Combobox.InputGroup>
      {popup}
    </Combobox.Root>;
  return <Combobox.Root<Option> {...shared} value={chosen[0] ?? null}
    onValueChange={(option) => choose(option ? [option] : [])}
    onInputValueChange={(text, { reason }) => setSearch(reason === 'input-change' ? text : '')}>
    <Combobox.InputGroup className="input reference">
      {input}
      <Combobox.Clear className="reference-clear" aria-label={`Clear ${label}`}><X /></Combobox.Clear>
      {trigger}
    </Combobox.InputGroup>
    {popup}
  </Combobox.Root>;
}

function statusOf(isPending: boolean, isError: boolean, count: number, kind: Kind): string | null {
  if (isError) return `The ${kind.title.toLowerCase()} could not be loaded.`;
  if (isPending) return 'Loading…';
  return count === 0 ? `No ${kind.title.toLowerCase()} found.` : null;
}
