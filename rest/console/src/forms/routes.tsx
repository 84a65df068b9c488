// The addresses of the pages of resources: one set for all kinds, loaded when the first is opened.

import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { AnyRoute } from '@tanstack/react-router';
import { readListState } from '../ui/liststate.ts';

const pages = () => import('./pages.tsx');

export function resourceRoutes<Parent extends AnyRoute>(parent: Parent) {
  const getParentRoute = () => parent;
  return [
    createRoute({ getParentRoute, path: '/resources/$kind', validateSearch: readListState,
      component: lazyRouteComponent(pages, 'ListRoute') }),
    createRoute({ getParentRoute, path: '/resources/$kind/new', component: lazyRouteComponent(pages, 'CreateRoute') }),
    createRoute({ getParentRoute, path: '/resources/$kind/$id', component: lazyRouteComponent(pages, 'DetailsRoute') }),
    createRoute({ getParentRoute, path: '/resources/$kind/$id/edit', component: lazyRouteComponent(pages, 'EditRoute') }),
  ] as const;
}
