// The permissions of a role: kinds by read, create, edit and delete. A row, a column and all can be selected.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Failure, Waiting } from '../ui/states';
import { TableFrame } from '../ui/table';
import { OWNER_ONLY, type Permission, type PermissionGroup, permissionsQuery } from './roles';

const ACTIONS = ['read', 'create', 'edit', 'delete'];
const titleOf = (action: string) => action[0]!.toUpperCase() + action.slice(1);
const actionOf = ({ name }: Permission) => name.slice(name.lastIndexOf('.') + 1);

interface Props {
  value: ReadonlySet<string>;
  // Left out for a matrix that is only read.
  onChange?: (value: Set<string>) => void;
  // What the reader holds, and so may give.
  held: ReadonlySet<string>;
}

// One box for several permissions: checked, partly checked or not.
function Several({ label, names, value, onChange }:
  { label: string; names: string[]; value: ReadonlySet<string>; onChange: ((names: string[], on: boolean) => void) | undefined }) {
  const box = useRef<HTMLInputElement>(null);
  const count = names.filter((name) => value.has(name)).length;
  const isAll = count === names.length && count > 0;
  useEffect(() => {
    if (box.current) box.current.indeterminate = count > 0 && !isAll;
  }, [count, isAll]);
  return (
    <input ref={box} type="checkbox" className="check-box" aria-label={label} checked={isAll}
      disabled={onChange === undefined || names.length === 0} onChange={(event) => onChange?.(names, event.target.checked)} />
  );
}

function Cell({ permission, value, held, toggle }:
  { permission: Permission | undefined; value: ReadonlySet<string>; held: ReadonlySet<string>; toggle: ((names: string[], on: boolean) => void) | undefined }) {
  if (!permission) return null;
  const { name, title, description } = permission;
  const isHeld = held.has(name);
  return (
    <input type="checkbox" className="check-box" aria-label={title} checked={value.has(name)}
      data-tip={isHeld || !toggle ? description : `${description}\nYou cannot give what you do not hold.`}
      disabled={!toggle || !isHeld} onChange={(event) => toggle?.([name], event.target.checked)} />
  );
}

function Row({ group, value, held, toggle }:
  { group: PermissionGroup; value: ReadonlySet<string>; held: ReadonlySet<string>; toggle: ((names: string[], on: boolean) => void) | undefined }) {
  const further = group.permissions.filter((permission) => !ACTIONS.includes(actionOf(permission)));
  const givable = group.permissions.map(({ name }) => name).filter((name) => held.has(name));
  return (
    <tr>
      <th scope="row">
        <label className="check">
          <Several label={`All of ${group.title}`} names={toggle ? givable : group.permissions.map(({ name }) => name)} value={value} onChange={toggle} />
          {group.title}
        </label>
      </th>
      {ACTIONS.map((action) => (
        <td key={action}>
          <Cell permission={group.permissions.find((permission) => actionOf(permission) === action)} value={value} held={held} toggle={toggle} />
        </td>
      ))}
      <td>
        {further.map((permission) => (
          <label key={permission.name} className="check further">
            <Cell permission={permission} value={value} held={held} toggle={toggle} />
            {permission.title}
          </label>
        ))}
      </td>
    </tr>
  );
}

// The groups without what only the Owner has; a role that has it, which is read alone, shows it.
function offered(groups: PermissionGroup[], value: ReadonlySet<string>): PermissionGroup[] {
  return groups
    .map((group) => ({ ...group, permissions: group.permissions.filter(({ name }) => name !== OWNER_ONLY || value.has(name)) }))
    .filter(({ permissions }) => permissions.length > 0);
}

export function PermissionMatrix({ value, onChange, held }: Props) {
  const { data, error, refetch } = useQuery(permissionsQuery);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  const groups = offered(data, value);
  const all = groups.flatMap(({ permissions }) => permissions).filter(({ name }) => name !== OWNER_ONLY);
  const namesOf = (found: Permission[]) => found.map(({ name }) => name).filter((name) => !onChange || held.has(name));
  const toggle = onChange && ((names: string[], on: boolean) => {
    const next = new Set(value);
    names.forEach((name) => (on ? next.add(name) : next.delete(name)));
    onChange(next);
  });
  return (
    <TableFrame>
      <table className="matrix" aria-label="Permissions">
        <thead>
          <tr>
            <th scope="col">
              <label className="check">
                <Several label="All permissions" names={namesOf(all)} value={value} onChange={toggle} />
                All
              </label>
            </th>
            {ACTIONS.map((action) => (
              <th key={action} scope="col">
                <label className="check">
                  <Several label={`${titleOf(action)} all kinds`} value={value} onChange={toggle}
                    names={namesOf(all.filter((permission) => actionOf(permission) === action))} />
                  {titleOf(action)}
                </label>
              </th>
            ))}
            <th scope="col">Further</th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => <Row key={group.kind} group={group} value={value} held={held} toggle={toggle} />)}
        </tbody>
      </table>
    </TableFrame>
  );
}
