import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Problem } from './api/problem';
import { router } from './router';
import './style/base.css';
import './style/controls.css';
import './style/shell.css';
import './style/table.css';
import './style/wizard.css';
import './style/governance.css';
import { TipLayer } from './ui/tip';
import { ToastProvider } from './ui/toast';

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // A problem is the server's answer; only what may pass is asked for again.
      retry: (count, error) => count < 2 && !(error instanceof Problem),
      staleTime: 5000,
    },
  },
});

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={client}>
        <ToastProvider>
          <RouterProvider router={router} />
        </ToastProvider>
        <TipLayer />
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);
