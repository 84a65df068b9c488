// Short reports at the bottom right. A success leaves by itself; an error stays until it is closed.
import { Toast } from '@base-ui/react/toast';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { messageOf } from '../api/problem';

const manager = Toast.createToastManager();

export function say(text: string) {
  manager.add({ title: text, type: 'success', timeout: 5000 });
}

export function sayError(error: unknown) {
  manager.add({ title: messageOf(error), type: 'error', timeout: 0, priority: 'high' });
}

function Toasts() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast" swipeDirection={['right', 'down']}
      role={toast.type === 'error' ? 'alert' : 'status'} aria-modal={undefined}>
      <Toast.Content>
        <Toast.Title render={<p className="spread" />} />
        <Toast.Close className="button icon compact" aria-label="Close">
          <X />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}

export function ToastProvider({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider toastManager={manager}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="toasts">
          <Toasts />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}
