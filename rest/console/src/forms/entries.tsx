// The kinds of resources in the navigation: those that the reader may see, by the names of their permissions, so that
// the document need not be read for it.

import { Box, Cpu, Database, FileStack, KeyRound, Layers, Route, Server, Ticket, Vault, Waypoints, Workflow } from 'lucide-react';
import type { LucideIcon } from 'lucide-react';
import type { Entry } from '../shell/navigation';
import { useSession } from '../session/session';
import { sentence } from './words.ts';

/** What is governed on pages of its own. */
const GOVERNING = new Set(['api-tokens', 'audit', 'authorization', 'changes', 'organization', 'roles', 'sessions', 'settings',
  'usage', 'users']);

/** A kind without an icon of its own gets a box. */
const ICONS: { readonly [kind: string]: LucideIcon } = {
  directors: Server, clusters: Waypoints, devices: Cpu, 'agent-enrollment-templates': Ticket, targets: Database,
  datasets: FileStack, profiles: Layers, 'advanced-routes': Route, pipelines: Workflow, 'vault-secrets': KeyRound, 'vault-providers': Vault,
};

export function useResourceEntries(): Entry[] {
  const permissions = useSession()?.permissions ?? [];
  return permissions.filter((permission) => permission.endsWith('.read')).map((permission) => permission.slice(0, -5))
    .filter((kind) => !GOVERNING.has(kind)).map((kind) => {
      const Icon = ICONS[kind] ?? Box;
      return { to: `/resources/${kind}`, title: sentence(kind), icon: <Icon aria-hidden="true" /> };
    });
}
