// The left navigation: kinds of resources, then what governs the organization. Pinned where there is room.
import { Dialog } from '@base-ui/react/dialog';
import { Link } from '@tanstack/react-router';
import { ScrollText, Settings, Users, X } from 'lucide-react';
import { type ReactNode, useSyncExternalStore } from 'react';
import { useResourceEntries } from '../forms/entries';

const wide = window.matchMedia('(min-width: 1280px)');

export const useIsWide = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      wide.addEventListener('change', listener);
      return () => wide.removeEventListener('change', listener);
    },
    () => wide.matches,
  );

export interface Entry {
  to: string;
  title: string;
  icon: ReactNode;
}

const organization: Entry[] = [
  { to: '/organization/settings', title: 'Settings', icon: <Settings aria-hidden="true" /> },
  { to: '/organization/users', title: 'Users', icon: <Users aria-hidden="true" /> },
  { to: '/organization/audit', title: 'Audit', icon: <ScrollText aria-hidden="true" /> },
];

function Group({ title, entries, onGo }: { title: string; entries: Entry[]; onGo: (() => void) | undefined }) {
  return (
    <>
      <h2>{title}</h2>
      <ul>
        {entries.map(({ to, title: name, icon }) => (
          <li key={to}>
            <Link to={to} activeProps={{ className: 'active' }} onClick={onGo}>
              {icon}
              {name}
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

export function Navigation({ onGo }: { onGo?: () => void }) {
  const resources = useResourceEntries();
  return (
    <nav className="navigation" aria-label="Main">
      {resources.length > 0 && <Group title="Resources" entries={resources} onGo={onGo} />}
      <Group title="Organization" entries={organization} onGo={onGo} />
    </nav>
  );
}

export function NavigationDrawer({ onClose }: { onClose: () => void }) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="veil" />
        <Dialog.Popup className="navigation-drawer" aria-label="Navigation">
          <header>
            <Dialog.Close className="button icon" aria-label="Close navigation">
              <X />
            </Dialog.Close>
            DataStream
          </header>
          <Navigation onGo={onClose} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
