// What stands around every page: who may see it, the top bar, and the navigation.
import { Menu } from '@base-ui/react/menu';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { BookOpen, Check, CircleUser, Menu as Hamburger, WifiOff } from 'lucide-react';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { isStatus } from '../api/problem';
import { PasswordChangePage, PasswordDialog, SessionGuard, SetupPage, SignInPage } from '../session/forms';
import { type Session, sessionQuery, signOut, useOrganization } from '../session/session';
import { Failure, Waiting } from '../ui/states';
import { setTheme, type Theme, useTheme } from '../ui/theme';
import { sayError } from '../ui/toast';
import { Navigation, NavigationDrawer, useIsWide } from './navigation';
import { popupHome } from '../ui/portal';

const themes: { value: Theme; title: string }[] = [
  { value: 'system', title: 'System' },
  { value: 'light', title: 'Light' },
  { value: 'dark', title: 'Dark' },
];

function UserMenu({ session }: { session: Session }) {
  const client = useQueryClient();
  const theme = useTheme();
  const [changing, setChanging] = useState(false);
  const { user } = session;
  return (
    <>
      <Menu.Root>
        <Menu.Trigger className="button quiet who" aria-label={`User menu of ${user.email}`}>
          <CircleUser aria-hidden="true" />
          <span>{user.email}</span>
        </Menu.Trigger>
        <Menu.Portal container={popupHome()}>
          <Menu.Positioner className="positioner" align="end" sideOffset={4}>
            <Menu.Popup className="popup">
              <Menu.Group>
                <Menu.GroupLabel className="group-label">
                  {user.name || user.email}
                  {session.roleName && ` (${session.roleName})`}
                </Menu.GroupLabel>
                <Menu.Item className="option" onClick={() => setChanging(true)}>Change password</Menu.Item>
              </Menu.Group>
              <hr />
              <Menu.RadioGroup value={theme} onValueChange={(value) => setTheme(value as Theme)}>
                <Menu.GroupLabel className="group-label">Theme</Menu.GroupLabel>
                {themes.map(({ value, title }) => (
                  <Menu.RadioItem key={value} value={value} className="option">
                    <span className="mark">
                      <Menu.RadioItemIndicator render={<Check aria-hidden="true" />} />
                    </span>
                    {title}
                  </Menu.RadioItem>
                ))}
              </Menu.RadioGroup>
              <hr />
              <Menu.Item className="option" onClick={() => void signOut(client).catch(sayError)}>Sign out</Menu.Item>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      {changing && <PasswordDialog onClose={() => setChanging(false)} />}
    </>
  );
}

const useIsOffline = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      window.addEventListener('online', listener);
      window.addEventListener('offline', listener);
      return () => {
        window.removeEventListener('online', listener);
        window.removeEventListener('offline', listener);
      };
    },
    () => !navigator.onLine,
  );

// After a change of page a reader of screens hears its title, and the keyboard starts there.
function useFocusOnChange() {
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const seen = useRef(path);
  useEffect(() => {
    if (path !== undefined && seen.current !== undefined && seen.current !== path)
      document.querySelector<HTMLElement>('.page h1')?.focus({ preventScroll: true });
    seen.current = path;
  }, [path]);
}

function Frame({ session }: { session: Session }) {
  const wide = useIsWide();
  const [pinned, setPinned] = useState(true);
  const [open, setOpen] = useState(false);
  const offline = useIsOffline();
  const organization = useOrganization();
  useFocusOnChange();
  const shown = wide && pinned;
  return (
    <>
      <a className="skip button" href="#content">Skip to content</a>
      <header className="top">
        <button type="button" className="button icon" aria-label="Navigation" aria-expanded={wide ? pinned : open}
          onClick={() => (wide ? setPinned(!pinned) : setOpen(true))}>
          <Hamburger />
        </button>
        <Link to="/" className="product">DataStream</Link>
        {organization && <span className="organization">{organization.name}</span>}
        <span className="spread" />
        <a className="button quiet reference" href="/api/v1/swagger/index.html" target="_blank" rel="noreferrer"
          aria-label="API docs">
          <BookOpen aria-hidden="true" />
          <span>API docs</span>
        </a>
        <UserMenu session={session} />
      </header>
      {open && !wide && <NavigationDrawer onClose={() => setOpen(false)} />}
      <div className={shown ? 'layout pinned' : 'layout'}>
        {shown && <Navigation />}
        <main className="page" id="content">
          {offline && (
            <p className="banner" role="status">
              <WifiOff aria-hidden="true" />
              <span>You are offline. What is shown may be old.</span>
            </p>
          )}
          <Outlet />
        </main>
      </div>
      <SessionGuard />
    </>
  );
}

// The address stays as it is while the reader signs in, so that they land where they wanted to go.
export function Shell() {
  const { data: session, error, refetch } = useQuery(sessionQuery);
  if (session?.passwordChangeRequired) return <PasswordChangePage />;
  if (session) return <Frame session={session} />;
  if (isStatus(error, 401)) return <SignInPage />;
  if (isStatus(error, 503) && /setup/i.test(error.reason)) return <SetupPage />;
  if (error) return <main className="alone"><Failure error={error} retry={() => void refetch()} /></main>;
  return <main className="alone"><Waiting /></main>;
}
