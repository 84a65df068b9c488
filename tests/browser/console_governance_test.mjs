// Setup, settings, roles, users and the audit log in the console, in Chromium and against the real server.
import assert from 'node:assert';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { after, before } from 'node:test';
import { callApi, openConsole, originOf, settle, SIGNED_OUT } from './console.mjs';
import { axe, launch, openPage, startServer } from './pages.mjs';

let server, browser;
before(async () => {
  server = await startServer();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const open = (path, options) => openConsole(browser, server, path, options);
const tabOf = (page, name) => page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name });

// A server that has no owner yet: its origin, its setup token, and how to end it.
async function startEmpty() {
  const folder = mkdtempSync(join(tmpdir(), 'datastream-setup-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  const child = spawn(process.env.DATASTREAMD, ['serve', '--data-dir', data, '--listen', '127.0.0.1:0'],
    { stdio: ['ignore', 'pipe', 'ignore'] });
  const ready = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  const stop = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
  };
  return { origin: /http:\/\/127\.0\.0\.1:\d+/.exec(ready)[0], token: readFileSync(`${data}.setup-token`, 'utf8').trim(), stop };
}

test('setup: the setup token creates the first owner, who is signed in', async () => {
  const empty = await startEmpty();
  const { page, context, notes } = await openPage(browser, empty.origin, '/console/', { expected: [503, 400, 401, 403] });
  await page.getByRole('heading', { name: 'Set up DataStream' }).waitFor();
  await page.getByLabel('Setup token').fill(empty.token);
  await page.getByLabel('Organization').fill('Set up');
  await page.getByLabel('Your name').fill('Ada Ray');
  await page.getByLabel('E-mail').fill('ada@example.com');
  await page.getByLabel('Password').fill('short');
  await page.getByRole('button', { name: 'Create organization' }).click();
  await page.locator('[aria-invalid="true"][name="password"]').waitFor();
  assert.strictEqual(await page.getByLabel('Your name').inputValue(), 'Ada Ray');
  await page.getByLabel('Password').fill('a long one for a setup');
  await page.getByRole('button', { name: 'Create organization' }).click();
  await page.getByRole('button', { name: 'User menu of ada@example.com' }).waitFor();
  assert.deepStrictEqual(notes, []);
  await context.close();
  await empty.stop();
});

test('roles-matrix: rows, columns and all are selected, a role is cloned, edited and deleted', async () => {
  const { page, context, notes } = await open('/console/', { expected: [409] });
  await tabOf(page, 'Roles').click();
  await page.getByRole('link', { name: 'Create role' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Device operators');
  await page.getByLabel('All permissions').check();
  assert.strictEqual(await page.getByLabel('All permissions').evaluate((box) => box.indeterminate), false);
  assert.strictEqual(await page.getByRole('table', { name: 'Permissions' }).getByText(/owner/i).count(), 0, 'what no role may have');
  await page.getByLabel('All permissions').uncheck();
  await page.getByText('0 selected').waitFor();
  await page.getByLabel('All of Devices').check();
  await page.getByLabel('Read all kinds').check();
  await page.getByLabel('Delete devices').uncheck();
  assert.strictEqual(await page.getByLabel('All of Devices').evaluate((box) => box.indeterminate), true);
  await page.getByRole('button', { name: 'Create role' }).click();
  await page.getByRole('heading', { name: 'Device operators' }).waitFor();
  const find = async (name) => (await callApi(server, 'GET', '/roles?pageSize=100')).body.roles.find((role) => role.name === name);
  const { permissions } = await find('Device operators');
  assert.ok(['devices.read', 'devices.create', 'devices.edit', 'targets.read'].every((name) => permissions.includes(name)));
  assert.ok(!permissions.includes('devices.delete') && !permissions.includes('targets.edit'));

  await page.getByText('Nobody has this role.').waitFor();
  await page.getByRole('link', { name: 'Clone role' }).click();
  await page.getByLabel('Edit all kinds').check();
  await page.getByRole('button', { name: 'Create role' }).click();
  await page.getByRole('heading', { name: 'Device operators copy' }).waitFor();
  await page.getByRole('button', { name: 'Edit role' }).click();
  await page.getByLabel('Description').fill('Everything');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Everything', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Delete role' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('link', { name: 'Device operators', exact: true }).waitFor();
  assert.strictEqual(await find('Device operators copy'), undefined);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('tokens-mint-guard: a role beyond the reader is not offered', async () => {
  const { body: role } = await callApi(server, 'POST', '/roles', {
    name: 'Token makers', assignableTo: 'USERS',
    permissions: ['api-tokens.create', 'api-tokens.read', 'roles.read', 'authorization.check'],
  });
  const { body: user } = await callApi(server, 'POST', '/users', {
    name: 'Token maker', email: 'maker@example.com', roleId: role.id, password: 'a long one for a maker',
  });
  assert.ok(user.id);
  const { page, context, notes } = await openConsole(browser, { ...server, owner: { email: 'maker@example.com', password: 'a long one for a maker' } },
    '/console/organization/settings/api-tokens/new?name=guarded');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel('Assign role').click();
  await page.getByRole('option').first().waitFor();
  assert.deepStrictEqual(await page.getByRole('option').evaluateAll((options) => options.map(({ textContent }) => textContent.slice(0, 12))),
    ['API Verifier']);
  await page.goto(`${originOf(server)}/console/organization/users`);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('a page that the role does not permit names the permission', async () => {
  const { page, context } = await openConsole(browser, { ...server, owner: { email: 'maker@example.com', password: 'a long one for a maker' } },
    '/console/organization/users', { expected: [403] });
  await page.getByText('Your role lacks the permission users.read.').waitFor();
  await context.close();
});

test('users: created with a one-time password, which must be changed at the first sign-in', async () => {
  const { page, context, notes } = await open('/console/organization/users');
  await page.getByRole('button', { name: 'Create user' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Grace Doe');
  await dialog.getByLabel('E-mail').fill('grace@example.com');
  await dialog.getByLabel('Role').selectOption('Contributor');
  await dialog.getByRole('button', { name: 'Create user' }).click();
  await page.getByRole('button', { name: 'Show password' }).click();
  const password = await page.getByTestId('shown-once').innerText();
  await page.getByRole('button', { name: 'Done' }).click();

  const other = await openPage(browser, originOf(server), '/console/', { expected: [SIGNED_OUT] });
  await other.page.getByLabel('E-mail').fill('grace@example.com');
  await other.page.getByLabel('Password').fill(password);
  await other.page.getByRole('button', { name: 'Sign in' }).click();
  await other.page.getByRole('heading', { name: 'Choose a password' }).waitFor();
  await other.page.getByLabel('Current password').fill(password);
  await other.page.getByLabel('New password', { exact: true }).fill('a long one for another');
  await other.page.getByLabel('Repeat the new password').fill('a long one for another');
  await other.page.getByRole('button', { name: 'Change password' }).click();
  await other.page.getByRole('button', { name: 'User menu of grace@example.com' }).waitFor();
  assert.deepStrictEqual(other.notes, []);
  await other.context.close();

  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('audit: lines are filtered, and the filter is in the address', async () => {
  const { page, context, notes } = await open('/console/organization/audit');
  await page.getByRole('cell', { name: 'CreatedRole' }).first().waitFor();
  await page.getByLabel('Action').fill('CreatedRole');
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.getByRole('cell', { name: 'CreatedUser' }).first().waitFor({ state: 'detached' });
  assert.match(page.url(), /action=CreatedRole/);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('settings: the maximal lifetime disables what is beyond it', async () => {
  const { page, context, notes } = await open('/console/');
  await tabOf(page, 'General').click();
  await page.getByLabel('Maximal lifetime of API tokens (days)').fill('2');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The settings were saved.').waitFor();
  await tabOf(page, 'API Tokens').click();
  await page.getByRole('link', { name: 'Create API token' }).click();
  await page.getByLabel('Token name').fill('bounded');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('The organization allows at most 2 days.').first().waitFor();
  assert.ok(await page.getByRole('radio', { name: '1 week' }).isDisabled());
  assert.ok(await page.getByRole('radio', { name: '24 hours' }).isEnabled());
  assert.deepStrictEqual(notes, []);
  await context.close();
});

for (const colorScheme of ['light'])
  test(`axe: no violation on the pages that govern (${colorScheme})`, async () => {
    const { page, context } = await open('/console/', { colorScheme, bypassCSP: true, reducedMotion: 'reduce' });
    const found = [];
    for (const path of ['settings/general', 'settings/roles', 'settings/roles/new', 'users', 'audit']) {
      await page.goto(`${originOf(server)}/console/organization/${path}`);
      await page.locator('table, form').first().waitFor();
      await settle(page);
      found.push(...(await axe(page)).map(({ id, nodes }) => [path, id, nodes.map(({ html }) => html)]));
    }
    assert.deepStrictEqual(found, []);
    await context.close();
  });
