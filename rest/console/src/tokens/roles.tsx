// The choice of a token's role, and what a role permits.
import { Combobox } from '@base-ui/react/combobox';
import { Check, ChevronDown } from 'lucide-react';
import { useId, useRef } from 'react';
import { FieldError } from '../ui/field';
import type { Role } from './tokens';
import { popupHome, useReadablePage } from '../ui/portal';

export function RoleChoice({ roles, value, onChange, error }: {
  roles: Role[] | undefined;
  value: string;
  onChange: (roleId: string) => void;
  error?: string | undefined;
}) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const chosen = roles?.find((role) => role.id === value) ?? null;
  return (
    <div className="field">
      <label htmlFor={id}>Assign role</label>
      <Combobox.Root items={roles ?? []} onOpenChange={useReadablePage(input)} value={chosen} onValueChange={(role: Role | null) => onChange(role?.id ?? '')}
        itemToStringLabel={(role: Role) => role.name ?? ''} isItemEqualToValue={(a: Role, b: Role) => a.id === b.id}>
        <Combobox.InputGroup className="choice">
          <Combobox.Input id={id} ref={input} className="input" placeholder={roles ? 'Search roles' : 'Loading roles'}
            aria-invalid={error ? true : undefined} aria-describedby={error ? `${id}-error` : undefined} />
          <Combobox.Trigger className="button icon compact" aria-label="Show roles"><ChevronDown /></Combobox.Trigger>
        </Combobox.InputGroup>
        <Combobox.Portal container={popupHome()}>
          <Combobox.Positioner className="positioner" sideOffset={4} align="start">
            <Combobox.Popup className="popup wide">
              <Combobox.Empty className="group-label">No role fits.</Combobox.Empty>
              <Combobox.List>
                {(role: Role) => (
                  <Combobox.Item key={role.id} value={role} className="option">
                    <span className="mark"><Combobox.ItemIndicator render={<Check aria-hidden="true" />} /></span>
                    <span className="spread">
                      <bdi>{role.name}</bdi>
                      {role.description && <span className="hint"><br /><bdi>{role.description}</bdi></span>}
                    </span>
                  </Combobox.Item>
                )}
              </Combobox.List>
            </Combobox.Popup>
          </Combobox.Positioner>
        </Combobox.Portal>
      </Combobox.Root>
      <p className="hint">Only roles that can be given to tokens, and that permit no more than you may, are listed.</p>
      <FieldError id={`${id}-error`}>{error}</FieldError>
    </div>
  );
}

// Permissions by kind: "devices" and what may be done with them.
export function PermissionList({ permissions }: { permissions: string[] }) {
  const kinds = new Map<string, string[]>();
  for (const permission of permissions) {
    const at = permission.lastIndexOf('.');
    const kind = permission.slice(0, at);
    kinds.set(kind, [...(kinds.get(kind) ?? []), permission.slice(at + 1)]);
  }
  if (kinds.size === 0) return <p className="muted">This role permits nothing yet.</p>;
  return (
    <ul className="permissions">
      {[...kinds].map(([kind, actions]) => (
        <li key={kind}>
          <span className="mono">{kind}</span>
          <span className="muted">{actions.join(', ')}</span>
        </li>
      ))}
    </ul>
  );
}
