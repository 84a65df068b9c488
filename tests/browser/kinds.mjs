// What the tests type into the form of each kind. A kind without a row is created by its name alone.
import assert from 'node:assert';

export const text = (page, name) => page.getByRole('textbox', { name, exact: true });
export const choose = (page, name, value) => page.getByRole('combobox', { name, exact: true }).selectOption(value);
export const pick = (page, name) => page.getByRole('radio', { name, exact: true }).check();

// Searches the referred objects by name and chooses the one that has it. An open list lies over
// what is below it, so the list must be closed before the next step.
export async function refer(page, label, name) {
  await page.getByRole('combobox', { name: label, exact: true }).fill(name);
  await page.getByRole('option', { name }).click();
  await page.locator('[role="option"]').first().waitFor({ state: 'detached' });
}

export async function typeCode(page, value) {
  await page.locator('.code-editor .cm-content').click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(value);
}

const created = {};

// `prepare` creates what the form refers to; `fill` types; `secret` is what takes the place of REPLACE_ME in the command.
export const FORMS = {
  clusters: { fill: (page) => choose(page, 'Type', 'MANAGED') },
  devices: {
    fill: async (page) => {
      await page.getByRole('button', { name: 'Add entry' }).click();
      await text(page, 'Key 1').fill('site');
      await text(page, 'Value 1').fill(`it's $HOME "quoted" \u00e9`);
      await pick(page, 'Syslog');
      await text(page, 'Port').fill('6514');
      await pick(page, 'TCP');
      await pick(page, 'Syslog');
      assert.strictEqual(await text(page, 'Port').inputValue(), '6514', 'a choice forgot what was typed');
    },
    holds: { syslog: { port: 6514 }, labels: { site: `it's $HOME "quoted" \u00e9` } },
  },
  'agent-enrollment-templates': {
    prepare: async (call) => { created.director = (await call('POST', '/directors', { name: 'referred director' })).name; },
    fill: async (page) => {
      await choose(page, 'Platform', 'LINUX');
      await refer(page, 'Director', created.director);
    },
  },
  targets: {
    fill: async (page) => {
      await pick(page, 'Splunk');
      await text(page, 'Endpoint').fill('https://splunk.example:8088');
      await page.getByLabel('Token', { exact: true }).fill('a secret token');
    },
    holds: { splunk: { endpoint: 'https://splunk.example:8088' } }, secret: 'a secret token',
  },
  datasets: { fill: (page) => choose(page, 'Type', 'LINUX') },
  profiles: {
    prepare: async (call) => {
      created.dataset = (await call('POST', '/datasets', { name: 'referred dataset', type: 'LINUX' })).name;
    },
    fill: async (page) => {
      await choose(page, 'Type', 'LINUX');
      await refer(page, 'Datasets', created.dataset);
    },
  },
  'advanced-routes': { fill: (page) => pick(page, 'Drop unmatched'), holds: { dropUnmatched: true } },
  pipelines: {
    fill: (page) => typeCode(page, 'processors:\n  - set:\n      field: a\n      value: b\n'),
    holds: { content: 'processors:\n  - set:\n      field: a\n      value: b\n' },
  },
  'vault-secrets': {
    fill: async (page) => {
      await pick(page, 'Value');
      await page.getByLabel('Value', { exact: true }).and(page.locator('input:not([type=radio]), textarea'))
        .fill('a secret value');
    },
    secret: 'a secret value',
  },
  'vault-providers': {
    fill: async (page) => {
      await pick(page, 'Azure Key Vault');
      await text(page, 'Vault URL').fill('https://vault.example');
    },
  },
};
