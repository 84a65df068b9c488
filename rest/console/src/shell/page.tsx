// The head of a page: breadcrumb, title, actions; and the tabs of Organization > Settings.
import { Link } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';

export interface Crumb {
  title: string;
  to?: string;
}

interface Props {
  title: string;
  crumbs: Crumb[];
  actions?: ReactNode;
  tabs?: ReactNode;
  children: ReactNode;
}

export function Page({ title, crumbs, actions, tabs, children }: Props) {
  useEffect(() => {
    document.title = `${title} - DataStream`;
  }, [title]);
  return (
    <>
      <nav className="breadcrumb" aria-label="Breadcrumb">
        <ol>
          {crumbs.map(({ title: name, to }) => (
            <li key={name}>{to ? <Link to={to}>{name}</Link> : name}</li>
          ))}
        </ol>
      </nav>
      <div className="page-head">
        <h1 tabIndex={-1}>{title}</h1>
        {actions}
      </div>
      {tabs}
      <div className="stack">{children}</div>
    </>
  );
}

const settings = [
  { to: '/organization/settings/general', title: 'General' },
  { to: '/organization/settings/api-tokens', title: 'API Tokens' },
  { to: '/organization/settings/roles', title: 'Roles' },
];

export const SETTINGS_CRUMBS: Crumb[] = [{ title: 'Organization' }, { title: 'Settings' }];

export function SettingsTabs() {
  return (
    <nav className="tabs" aria-label="Settings">
      {settings.map(({ to, title }) => (
        <Link key={to} to={to} activeProps={{ className: 'active' }} activeOptions={{ includeSearch: false }}>
          {title}
        </Link>
      ))}
    </nav>
  );
}
