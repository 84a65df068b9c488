// Every address of the console. Pages are loaded when they are first opened.
import {
  createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect,
} from '@tanstack/react-router';
import { readAuditSearch } from './governance/search';
import { resourceRoutes } from './forms/routes';
import { Page } from './shell/page';
import { Shell } from './shell/shell';
import type { CreateSearch } from './tokens/create';
import { readListSearch } from './tokens/search';
import { readListState } from './ui/liststate.ts';
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

const TOKENS = '/organization/settings/api-tokens' as const;

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
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import('./tokens/list'), 'TokensPage'),
});

const text = (value: unknown): string | undefined => (typeof value === 'string' || typeof value === 'number' ? String(value) : undefined);

// A link may fill in the form; nothing is created without the click, and unknown keys are ignored.
const newToken = createRoute({
  getParentRoute: () => root,
  path: `${TOKENS}/new`,
  validateSearch: (raw: Record<string, unknown>): CreateSearch => {
    const search: CreateSearch = {};
    for (const key of ['name', 'description', 'role', 'expiration'] as const) {
      const value = text(raw[key]);
      if (value !== undefined) search[key] = value;
    }
    const step = Number(raw['step']);
    if (step >= 1 && step <= 4) search.step = Math.trunc(step);
    return search;
  },
  component: lazyRouteComponent(() => import('./tokens/create'), 'CreateTokenPage'),
});

const token = createRoute({
  getParentRoute: () => root,
  path: `${TOKENS}/$id`,
  component: lazyRouteComponent(() => import('./tokens/details'), 'TokenPage'),
});

const general = createRoute({
  getParentRoute: () => root,
  path: '/organization/settings/general',
  component: lazyRouteComponent(() => import('./governance/general'), 'GeneralPage'),
});

const roles = createRoute({
  getParentRoute: () => root,
  path: '/organization/settings/roles',
  validateSearch: readListState,
  component: lazyRouteComponent(() => import('./governance/rolelist'), 'RolesPage'),
});

const newRole = createRoute({
  getParentRoute: () => root,
  path: '/organization/settings/roles/new',
  validateSearch: (raw: Record<string, unknown>): { clone?: string } => {
    const clone = text(raw['clone']);
    return clone === undefined ? {} : { clone };
  },
  component: lazyRouteComponent(() => import('./governance/role'), 'CreateRolePage'),
});

const role = createRoute({
  getParentRoute: () => root,
  path: '/organization/settings/roles/$id',
  component: lazyRouteComponent(() => import('./governance/role'), 'RolePage'),
});

const users = createRoute({
  getParentRoute: () => root,
  path: '/organization/users',
  validateSearch: readListState,
  component: lazyRouteComponent(() => import('./governance/users'), 'UsersPage'),
});

const audit = createRoute({
  getParentRoute: () => root,
  path: '/organization/audit',
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import('./governance/audit'), 'AuditPage'),
});

const routeTree = root.addChildren([...resourceRoutes(root), home, settings, tokens, newToken, token, roles, newRole, role, users, audit, general]);

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
