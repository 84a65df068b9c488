// Dialogs and drawers: a heading, a body, Esc and a close button; focus returns to where it came from.
import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode, RefObject } from 'react';

interface Common {
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
  initialFocus?: RefObject<HTMLElement | null>;
}

// A dialog that is open for as long as it is rendered.
export function ModalDialog({ title, onClose, children, initialFocus }: Common) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="veil" />
        <Dialog.Popup className="dialog" initialFocus={initialFocus}>
          <Dialog.Title>{title}</Dialog.Title>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

export function Drawer({ title, onClose, children, subtitle }: Common & { subtitle?: ReactNode }) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="veil" />
        <Dialog.Popup className="drawer">
          <header>
            <div>
              <Dialog.Title>{title}</Dialog.Title>
              {subtitle}
            </div>
            <Dialog.Close className="button icon" aria-label="Close">
              <X />
            </Dialog.Close>
          </header>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
