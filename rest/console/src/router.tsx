// Every address of the console. Pages are loaded when they are first opened.
import {
  createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect,
} from '@tanstack/react-router';
import { resourceRoutes } from './forms/routes';
import { Page } from './shell/page';
import { Shell } from './shell/shell';
import { Failure, Waiting } from './ui/states';

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => (
    <Page title="Not found" crumbs={[]}>
      <div className="card empty">
        <p>There is no page at this address.</p>
      </div>
    </Page>
  ),
});

const TOKENS = '/organization/settings/api-tokens';

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: TOKENS });
  },
});

const settings = createRoute({
  getParentRoute: () => root,
  path: '/organization/settings',
  beforeLoad: () => {
    throw redirect({ to: TOKENS });
  },
});

const tokens = createRoute({
  getParentRoute: () => root,
  path: TOKENS,
  component: lazyRouteComponent(() => import('./tokens/list'), 'TokensPage'),
});

const routeTree = root.addChildren([...resourceRoutes(root), home, settings, tokens]);

export const router = createRouter({
  routeTree,
  basepath: '/console',
  defaultPendingComponent: Waiting,
  defaultErrorComponent: ({ error, reset }) => <Failure error={error} retry={reset} />,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
