// What a reader without a session meets: sign-in, the setup of the first owner, and the dialog when a session ends.
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, type SubmitEvent, useEffect, useRef, useState } from 'react';
import { onSessionEnd } from '../api/client';
import { isStatus, messageOf, Problem } from '../api/problem';
import icon from '../icon.svg';
import { ModalDialog } from '../ui/dialog';
import { FieldError, TextField } from '../ui/field';
import { say } from '../ui/toast';
import { changePassword, setUp, signIn, signOut, useSession } from './session';

const usePageTitle = (title: string) => useEffect(() => { document.title = `${title} - DataStream`; }, [title]);

function Alone({ title, children }: { title: string; children: ReactNode }) {
  usePageTitle(title);
  return (
    <main className="alone">
      <div className="brand"><img src={icon} alt="" />DataStream</div>
      <div className="card stack">
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}

const valueOf = (form: FormData, name: string): string => String(form.get(name) ?? '');

// Runs a form's work once at a time, and keeps its failure. A failed try does not empty the form.
function useSubmit(work: (form: FormData) => Promise<void>) {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [wait, setWait] = useState(0);
  useEffect(() => {
    if (wait <= 0) return;
    const timer = setTimeout(() => setWait(wait - 1), 1000);
    return () => clearTimeout(timer);
  }, [wait]);
  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy || wait > 0) return;
    setBusy(true);
    setError(undefined);
    try {
      await work(new FormData(event.currentTarget));
    } catch (failure) {
      setError(failure);
      if (isStatus(failure, 429)) setWait(failure.retryAfter || 1);
    } finally {
      setBusy(false);
    }
  };
  const at = (field: string) => (error instanceof Problem ? error.violationOf(field) || undefined : undefined);
  return { submit, error, busy: busy || wait > 0, wait, at };
}

// The words for a refused sign-in are the same whether the account exists or not.
const signInMessage = (error: unknown, wait: number): string => {
  if (wait > 0) return `Too many tries. You can try again in ${wait} s.`;
  if (isStatus(error, 401)) return 'The e-mail address or the password is wrong.';
  return error && !isStatus(error, 429) ? messageOf(error) : '';
};

export function SignInPage() {
  const client = useQueryClient();
  const { submit, error, busy, wait } = useSubmit(async (form) => {
    await signIn(client, valueOf(form, 'email').trim(), valueOf(form, 'password'));
  });
  return (
    <Alone title="Sign in">
      <form className="stack" onSubmit={submit}>
        <TextField label="E-mail" name="email" type="email" autoComplete="username" required autoFocus />
        <TextField label="Password" name="password" type="password" autoComplete="current-password" required />
        <FieldError>{signInMessage(error, wait)}</FieldError>
        <button type="submit" className="button primary wide" disabled={busy}>Sign in</button>
      </form>
    </Alone>
  );
}

export function SetupPage() {
  const client = useQueryClient();
  const { submit, error, busy, at } = useSubmit(async (form) => {
    const email = valueOf(form, 'email').trim();
    const password = valueOf(form, 'password');
    await setUp({
      setupToken: valueOf(form, 'setupToken').trim(),
      organization: valueOf(form, 'organization').trim(),
      name: valueOf(form, 'name').trim(),
      email,
      password,
    });
    await signIn(client, email, password);
  });
  return (
    <Alone title="Set up DataStream">
      <p className="muted">
        This server has no owner yet. The setup token is in the file that ends in <code>.setup-token</code> beside the
        data directory.
      </p>
      <form className="stack" onSubmit={submit}>
        <TextField label="Setup token" name="setupToken" className="input mono" autoComplete="off" spellCheck={false}
          required autoFocus error={at('setupToken')} />
        <TextField label="Organization" name="organization" autoComplete="organization" required
          error={at('organization')} />
        <TextField label="Your name" name="name" autoComplete="name" required error={at('name')} />
        <TextField label="E-mail" name="email" type="email" autoComplete="username" required error={at('email')} />
        <TextField label="Password" name="password" type="password" autoComplete="new-password" required
          hint="At least 10 characters." error={at('password')} />
        <FieldError>{error && !(error instanceof Problem && error.violations.length > 0) ? messageOf(error) : ''}</FieldError>
        <button type="submit" className="button primary wide" disabled={busy}>Create organization</button>
      </form>
    </Alone>
  );
}

function PasswordForm({ onDone, actions }: { onDone: () => void; actions: (busy: boolean) => ReactNode }) {
  const client = useQueryClient();
  const email = useSession()?.user.email;
  const [unequal, setUnequal] = useState(false);
  const { submit, error, busy, at } = useSubmit(async (form) => {
    const password = valueOf(form, 'newPassword');
    setUnequal(password !== valueOf(form, 'repeated'));
    if (password !== valueOf(form, 'repeated')) return;
    await changePassword(client, valueOf(form, 'currentPassword'), password);
    onDone();
  });
  const shown = error instanceof Problem && error.violations.length > 0 ? '' : error ? messageOf(error) : '';
  return (
    <form className="stack" onSubmit={submit}>
      <input type="text" className="hidden-text" name="username" autoComplete="username" value={email ?? ''} readOnly tabIndex={-1}
        aria-hidden="true" />
      <TextField label="Current password" name="currentPassword" type="password" autoComplete="current-password" required
        autoFocus error={at('currentPassword')} />
      <TextField label="New password" name="newPassword" type="password" autoComplete="new-password" required
        hint="At least 10 characters." error={at('newPassword')} />
      <TextField label="Repeat the new password" name="repeated" type="password" autoComplete="new-password" required
        error={unequal ? 'The two passwords differ.' : undefined} />
      <FieldError>{shown}</FieldError>
      {actions(busy)}
    </form>
  );
}

// A one-time password must be replaced before anything else.
export function PasswordChangePage() {
  const client = useQueryClient();
  return (
    <Alone title="Choose a password">
      <p className="muted">Your password was given to you for one use. Choose another one to go on.</p>
      <PasswordForm onDone={() => say('Your password was changed.')} actions={(busy) => (
        <>
          <button type="submit" className="button primary wide" disabled={busy}>Change password</button>
          <button type="button" className="button quiet wide" onClick={() => void signOut(client)}>Sign out</button>
        </>
      )} />
    </Alone>
  );
}

export function PasswordDialog({ onClose }: { onClose: () => void }) {
  const done = () => {
    say('Your password was changed.');
    onClose();
  };
  return (
    <ModalDialog title="Change password" onClose={onClose}>
      <PasswordForm onDone={done} actions={(busy) => (
        <footer>
          <button type="button" className="button" onClick={onClose}>Cancel</button>
          <button type="submit" className="button primary" disabled={busy}>Change password</button>
        </footer>
      )} />
    </ModalDialog>
  );
}

interface Waiter {
  resolve: () => void;
  reject: (error: unknown) => void;
}

// Asks for the password when the session ends, over the page as it stands. The requests that met the end wait, and go
// on after the sign-in; so nothing that was typed is lost.
export function SessionGuard() {
  const client = useQueryClient();
  const session = useSession();
  const waiters = useRef<Waiter[]>([]);
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    onSessionEnd(() => new Promise<void>((resolve, reject) => {
      waiters.current.push({ resolve, reject });
      setAsking(true);
    }));
    return () => onSessionEnd(undefined);
  }, []);
  const { submit, error, busy, wait } = useSubmit(async (form) => {
    const before = session?.user.id;
    const after = await signIn(client, session?.user.email ?? '', valueOf(form, 'password'));
    if (before !== after.user.id) window.location.reload();
    setAsking(false);
    waiters.current.splice(0).forEach(({ resolve }) => resolve());
  });
  if (!asking) return null;
  const leave = () => {
    waiters.current.splice(0).forEach(({ reject }) => reject(new Error('You are signed out.')));
    setAsking(false);
    window.location.assign('/console/');
  };
  return (
    <ModalDialog title="Your session has ended" onClose={() => undefined}>
      <p>Enter your password to go on. What you typed on this page is kept.</p>
      <form className="stack" onSubmit={submit}>
        <TextField label="E-mail" name="email" value={session?.user.email ?? ''} autoComplete="username" readOnly />
        <TextField label="Password" name="password" type="password" autoComplete="current-password" required autoFocus />
        <FieldError>{signInMessage(error, wait)}</FieldError>
        <footer>
          <button type="button" className="button" onClick={leave}>Sign out</button>
          <button type="submit" className="button primary" disabled={busy}>Sign in</button>
        </footer>
      </form>
    </ModalDialog>
  );
}
