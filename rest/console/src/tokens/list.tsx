// Organization > Settings > API Tokens.
import { Page, SETTINGS_CRUMBS, SettingsTabs } from '../shell/page';

export function TokensPage() {
  return (
    <Page title="Settings" crumbs={SETTINGS_CRUMBS} tabs={<SettingsTabs />}>
      <div className="card" />
    </Page>
  );
}
