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
  await page.getByLabel('Search roles').fill('verifier');
  await page.waitForURL(/search=verifier/);
  await page.getByRole('link', { name: 'API Reader' }).waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('link', { name: 'API Verifier' }).waitFor();
  assert.strictEqual(await page.locator('td.name').count(), 1);
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
  await page.getByRole('dialog').waitFor({ state: 'detached' });
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

const menuOf = async (page, email, item) => {
  await page.getByRole('button', { name: `Actions for ${email}` }).click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
  return page.getByRole('dialog');
};
const createUser = async (name) => {
  const { roles } = (await callApi(server, 'GET', '/roles?pageSize=100')).body;
  const { status, body } = await callApi(server, 'POST', '/users', { name, email: `${name.toLowerCase().replace(' ', '.')}@example.com`,
    roleId: roles.find((role) => role.name === 'Contributor').id, password: 'a long one for somebody' });
  assert.strictEqual(status, 201, JSON.stringify(body));
  return body;
};
const userOf = async ({ id }) => (await callApi(server, 'GET', `/users/${id}`)).body;

test('users: edited, disabled, enabled, given a password and deleted', async () => {
  const user = await createUser('Edited Person');
  const { page, context, notes } = await open('/console/organization/users', { expected: [400] });
  let dialog = await menuOf(page, user.email, 'Edit user');
  await dialog.getByLabel('E-mail').fill('no address');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.locator('[aria-invalid="true"][type="email"]').waitFor();
  await dialog.getByLabel('E-mail').fill(user.email);
  await dialog.getByLabel('Name').fill('Renamed Person');
  await dialog.getByRole('button', { name: 'Save' }).click();
  const row = page.getByRole('row').filter({ hasText: user.email });
  await row.getByText('Renamed Person').waitFor();
  dialog = await menuOf(page, user.email, 'Disable user');
  await page.waitForFunction(() => document.activeElement?.textContent === 'Cancel');
  await dialog.getByRole('button', { name: 'Disable' }).click();
  await row.getByText('Disabled', { exact: true }).waitFor();
  assert.strictEqual((await userOf(user)).status, 'DISABLED');
  await page.getByRole('button', { name: `Actions for ${user.email}` }).click();
  await page.getByRole('menuitem', { name: 'Enable user' }).click();
  await row.getByText('Active', { exact: true }).waitFor();
  dialog = await menuOf(page, user.email, 'Reset password');
  await dialog.getByRole('button', { name: 'Reset password' }).click();
  await page.getByRole('button', { name: 'Show password' }).waitFor();
  await page.getByRole('button', { name: 'Done' }).click();
  await row.getByText('One-time password').waitFor();
  dialog = await menuOf(page, user.email, 'Delete user');
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await row.waitFor({ state: 'detached' });
  assert.strictEqual((await callApi(server, 'GET', `/users/${user.id}`)).status, 404);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('users: of two versions the reader keeps theirs or takes the other', async () => {
  const user = await createUser('Twice Changed');
  const { page, context, notes } = await open('/console/organization/users', { expected: [412] });
  const dialog = await menuOf(page, user.email, 'Edit user');
  await dialog.getByLabel('Name').fill('Mine');
  await callApi(server, 'PATCH', `/users/${user.id}`, { name: 'Theirs' });
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The user was changed meanwhile').waitFor();
  await page.getByText(/Changed by API token \w+ at/).waitFor();
  assert.match(await page.getByRole('region', { name: 'Both versions' }).innerText(), /Name\s+Mine\s+Theirs/);
  await page.getByRole('button', { name: 'Take theirs' }).click();
  assert.strictEqual(await page.getByLabel('Name', { exact: true }).inputValue(), 'Theirs');
  await page.getByLabel('Name', { exact: true }).fill('Mine after all');
  await callApi(server, 'PATCH', `/users/${user.id}`, { email: 'another@example.com' });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Not changed').first().waitFor();
  await page.getByRole('button', { name: 'Keep mine' }).click();
  await page.getByRole('row').filter({ hasText: 'Mine after all' }).waitFor();
  const { name, email } = await userOf(user);
  assert.deepStrictEqual([name, email], ['Mine after all', 'another@example.com']);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('roles and settings: a change meanwhile is shown, and both versions', async () => {
  const { body: role } = await callApi(server, 'POST', '/roles', { name: 'Changed meanwhile', permissions: ['devices.read'] });
  const { page, context, notes } = await open(`/console/organization/settings/roles/${role.id}`, { expected: [412] });
  await page.getByRole('button', { name: 'Edit role' }).click();
  await page.getByLabel('Delete devices').check();
  await callApi(server, 'PATCH', `/roles/${role.id}`, { permissions: ['devices.read', 'targets.read'] });
  await page.getByRole('button', { name: 'Save' }).click();
  const both = page.getByRole('region', { name: 'Both versions' });
  await both.getByText('Added: devices.delete.').waitFor();
  await both.getByText('Added: targets.read.').waitFor();
  await page.getByText(/Changed by API token \w+ at/).waitFor();
  await page.getByRole('button', { name: 'Keep mine' }).click();
  await page.getByRole('button', { name: 'Edit role' }).waitFor();
  assert.deepStrictEqual((await callApi(server, 'GET', `/roles/${role.id}`)).body.permissions, ['devices.delete', 'devices.read']);

  await page.goto(`${originOf(server)}/console/organization/settings/general`);
  await page.getByLabel('Organization name').fill('Mine');
  await callApi(server, 'PATCH', '/organization', { minimalPasswordLength: 13 });
  await page.getByRole('button', { name: 'Save' }).click();
  assert.match(await both.innerText(), /Organization name\s+Mine\s+Not changed[^]*Minimal length of passwords \(characters\)\s+Not changed\s+13/);
  await page.getByRole('button', { name: 'Keep mine' }).click();
  await page.getByText('The settings were saved.').waitFor();
  const { name, minimalPasswordLength } = (await callApi(server, 'GET', '/organization')).body;
  assert.deepStrictEqual([name, minimalPasswordLength], ['Mine', 13]);
  assert.strictEqual(await page.getByLabel('Minimal length of passwords (characters)').inputValue(), '13');
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('audit-export: NDJSON and CSV hold the lines that the filters fit, without filters the whole log', async () => {
  await callApi(server, 'POST', '/roles', { name: 'Exported role' });
  await createUser('Exported Person');
  const { page, context, notes } = await open('/console/organization/audit?action=CreatedRole');
  await page.getByRole('cell', { name: 'CreatedRole' }).first().waitFor();
  const save = async (format) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: format }).click()]);
    assert.strictEqual(download.suggestedFilename(), `audit-logs.${format.toLowerCase()}`);
    return readFileSync(await download.path(), 'utf8');
  };
  const filtered = (await save('NDJSON')).trim().split('\n').map((line) => JSON.parse(line));
  assert.ok(filtered.length > 0);
  for (const line of filtered) assert.strictEqual(line.action, 'CreatedRole');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.getByRole('cell', { name: 'CreatedUser' }).first().waitFor();
  const lines = (await save('NDJSON')).trim().split('\n').map((line) => JSON.parse(line));
  for (const action of ['CreatedRole', 'CreatedUser']) assert.ok(lines.some((line) => line.action === action), action);
  const [head, ...rows] = (await save('CSV')).trim().split(/\r?\n/);
  assert.match(head, /action/);
  // The first export is recorded itself.
  assert.ok(rows.length >= lines.length, `${rows.length} lines after ${lines.length}`);
  assert.ok(rows.some((row) => row.includes('CreatedRole')));
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

// Opens each state of the pages in turn.
async function* states(page) {
  const go = (path) => page.goto(`${originOf(server)}/console/organization/${path}`);
  const { body: role } = await callApi(server, 'POST', '/roles', { name: `Axe ${Math.random()}`, permissions: ['devices.read'] });
  const user = await createUser(`Axe ${Math.random()}`);
  const escape = async (role = 'dialog') => {
    await page.keyboard.press('Escape');
    await page.getByRole(role).waitFor({ state: 'detached' });
  };
  await go('settings/general');
  await page.getByLabel('Organization name').waitFor();
  yield 'general';
  await page.getByRole('button', { name: /^User menu/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
  yield 'user menu';
  await page.getByRole('menuitem', { name: 'Change password' }).click();
  await page.getByRole('dialog').waitFor();
  yield 'change password';
  await go('settings/roles');
  await page.getByRole('table', { name: 'Roles' }).waitFor();
  yield 'roles';
  await go('settings/roles/new');
  await page.getByRole('table', { name: 'Permissions' }).waitFor();
  await page.getByLabel('Read all kinds').check();
  yield 'create role';
  await page.getByLabel('Read all kinds').uncheck();
  page.once('dialog', (dialog) => dialog.accept());
  await go(`settings/roles/${role.id}`);
  await page.getByRole('table', { name: 'Permissions' }).waitFor();
  yield 'role';
  await page.getByRole('button', { name: 'Delete role' }).click();
  yield 'delete role';
  await go('users');
  await page.getByRole('table', { name: 'Users' }).waitFor();
  yield 'users';
  await page.getByRole('button', { name: `Actions for ${user.email}` }).click();
  await page.getByRole('menuitem', { name: 'Delete user' }).waitFor();
  yield 'menu of a user';
  await page.getByRole('menuitem', { name: 'Delete user' }).click();
  await page.getByRole('dialog').waitFor();
  yield 'delete user';
  await escape();
  await page.getByRole('button', { name: 'Create user' }).click();
  await page.getByRole('dialog').waitFor();
  yield 'create user';
  await go('audit');
  await page.getByRole('table', { name: 'Audit log' }).waitFor();
  yield 'audit';
  await page.getByLabel('Action').fill('NothingLikeThis');
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.getByText('Nothing was recorded').waitFor();
  yield 'audit without a line';
}

for (const colorScheme of ['light', 'dark'])
  test(`axe: no violation on the pages that govern, menus and dialogs open (${colorScheme})`, async () => {
    const { page, context } = await open('/console/', { colorScheme, bypassCSP: true, reducedMotion: 'reduce' });
    const found = [];
    for await (const state of states(page)) {
      await settle(page);
      found.push(...(await axe(page)).map(({ id, nodes }) => [state, id, nodes.map(({ html }) => html)]));
    }
    assert.deepStrictEqual(found, []);
    await context.close();
  });
