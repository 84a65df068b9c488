// What the pages of resources do with bad input, searches, references and secrets; and that a new kind needs no page.
import assert from 'node:assert';
import test, { after, before } from 'node:test';
import { pick, text, typeCode } from './kinds.mjs';
import { axe } from './pages.mjs';
import { openSignedIn, startConsole } from './signed_in.mjs';

let console_;
before(async () => { console_ = await startConsole(); });
after(() => console_?.stop());
const button = (page, name) => page.getByRole('button', { name, exact: true });

test('a field speaks when it is left, and the server speaks at every field', async () => {
  const { page, context, notes } = await openSignedIn(console_, '/resources/devices/new', { expected: [400] });
  await text(page, 'Name').fill('x');
  await text(page, 'Description').focus();
  await page.getByText('Name must have 3 to 128 characters').waitFor();
  await text(page, 'Name').fill('violations');
  await pick(page, 'Syslog');
  await page.getByText('TLS of the listener, for TCP.').click();
  await page.getByRole('checkbox', { name: 'Status' }).check();
  await button(page, 'Next').click();
  await page.getByText('Cert name is required when status is true').waitFor();
  await page.getByText('Key name is required when status is true').waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-invalid') === 'true');
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('the click that leaves a wrong field counts where it was pressed', async () => {
  const { page, context, notes } = await openSignedIn(console_, '/resources/devices/new');
  await text(page, 'Name').fill('x');
  const target = page.getByRole('radio', { name: 'Syslog', exact: true });
  await target.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await target.boundingBox();
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  await page.waitForTimeout(200);
  await page.mouse.up();
  await page.getByText('Name must have 3 to 128 characters').waitFor();
  assert.ok(await target.isChecked());
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('an option that is pressed while a search is answered is chosen', async () => {
  const { id } = await console_.call('POST', '/directors', { name: 'pressed director' });
  const { page, context, notes } = await openSignedIn(console_, '/resources/agent-enrollment-templates/new');
  const input = page.getByRole('combobox', { name: 'Director', exact: true });
  await input.click();
  const option = page.getByRole('option', { name: 'pressed director' });
  const { x, y } = await option.boundingBox();
  let answer;
  const held = new Promise((resolve) => { answer = resolve; });
  await page.route(/directors\?.*filter/, async (route) => { await held; await route.continue(); });
  const asked = page.waitForRequest(/directors\?.*filter/);
  await input.pressSequentially('pressed');
  await asked;
  await page.mouse.move(x + 40, y + 16);
  await page.mouse.down();
  const answered = page.waitForResponse(/directors\?.*filter/);
  answer();
  await answered;
  await page.waitForTimeout(100);
  await page.mouse.up();
  await option.waitFor({ state: 'detached' });
  assert.strictEqual(await input.inputValue(), 'pressed director');
  await button(page, 'Next').waitFor();
  await console_.call('DELETE', `/directors/${id}`);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('a name that exists is a problem of the name, and nothing that was typed is lost', async () => {
  await console_.call('POST', '/devices', { name: 'a name that exists' });
  const { page, context, notes } = await openSignedIn(console_, '/resources/devices/new', { expected: [409] });
  await text(page, 'Name').fill('A Name That EXISTS');
  await text(page, 'Description').fill('kept');
  await button(page, 'Next').click();
  await page.getByText('Name is the name of another device').waitFor();
  assert.strictEqual(await text(page, 'Name').getAttribute('aria-invalid'), 'true');
  assert.strictEqual(await text(page, 'Description').inputValue(), 'kept');
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('the error of a pipeline is at its line', async () => {
  const { page, context, notes } = await openSignedIn(console_, '/resources/pipelines/new', { expected: [400] });
  await text(page, 'Name').fill('bad-pipeline');
  await typeCode(page, 'processors:\n  - set: 5\n');
  await button(page, 'Next').click();
  await page.getByText(/^Content must have .*\(line 2, column \d+\)$/).waitFor();
  const marked = page.locator('.code-editor .cm-line').nth(1).locator('.cm-lintRange-error');
  await marked.waitFor();
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('a double click creates one object', async () => {
  const { page, context, notes } = await openSignedIn(console_, '/resources/vault-providers/new');
  await text(page, 'Name').fill('twice');
  await button(page, 'Next').click();
  await button(page, 'Create vault provider').dblclick();
  await page.getByRole('heading', { name: 'twice', level: 1 }).waitFor();
  const { vaultProviders } = await console_.call('GET', '/vault/providers');
  assert.strictEqual(vaultProviders.length, 1);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('a secret is never shown: it is kept, or replaced', async () => {
  const { id } = await console_.call('POST', '/targets',
    { name: 'secret target', splunk: { endpoint: 'https://s.example:8088', token: 'first' } });
  const { page, context, notes } = await openSignedIn(console_, `/resources/targets/${id}/edit`);
  await page.getByText(/Set on /).waitFor();
  await text(page, 'Description').fill('kept secret');
  await button(page, 'Save changes').click();
  await page.getByRole('heading', { name: 'secret target', level: 1 }).waitFor();
  const kept = await console_.call('GET', `/targets/${id}`);
  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  await button(page, 'Replace').click();
  const input = page.getByLabel('Token', { exact: true });
  assert.strictEqual(await input.getAttribute('type'), 'password');
  await input.fill('second');
  await button(page, 'Save changes').click();
  await page.getByRole('heading', { name: 'secret target', level: 1 }).waitFor();
  const replaced = await console_.call('GET', `/targets/${id}`);
  assert.notStrictEqual(replaced.secretsSet['splunk.token'], kept.secretsSet['splunk.token']);
  assert.deepStrictEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length].every((count) => count < 3)),
    true);
  assert.ok(!(await page.content()).includes('second'));
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('a list is searched, filtered, ordered and paged by its address', async () => {
  for (let index = 0; index < 30; index++)
    await console_.call('POST', '/directors', { name: `listed ${String(index).padStart(2, '0')}`,
      status: index % 2 ? 'ENABLED' : 'DISABLED' });
  const { page, context, notes } = await openSignedIn(console_, '/resources/directors?size=25&order=name+desc');
  const names = page.locator('td.name');
  await page.getByRole('link', { name: 'listed 29' }).waitFor();
  assert.strictEqual(await names.count(), 25);
  await button(page, 'Next').click();
  await page.getByRole('link', { name: 'listed 04' }).waitFor();
  await button(page, 'Previous').click();
  await page.getByRole('link', { name: 'listed 29' }).waitFor();
  await page.getByRole('searchbox').fill('ed 1');
  await page.getByRole('link', { name: 'listed 29' }).waitFor({ state: 'detached' });
  assert.strictEqual(await names.count(), 10);
  await button(page, 'Status: All').click();
  await page.getByRole('menuitemradio', { name: 'Enabled' }).click();
  await page.getByRole('link', { name: 'listed 18' }).waitFor({ state: 'detached' });
  assert.strictEqual(await names.count(), 5);
  assert.match(page.url(), /search=ed(\+|%20)1/);
  await page.reload();
  await page.getByRole('link', { name: 'listed 19' }).waitFor();
  assert.strictEqual(await names.count(), 5);
  await page.getByRole('searchbox').fill('nothing like this');
  await page.getByText('The filters hide 30 of them.').waitFor();
  await button(page, 'Clear filters').click();
  await page.getByRole('link', { name: 'listed 29' }).waitFor();
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('what is referred to is not deleted, and who refers to it is linked', async () => {
  const { id } = await console_.call('POST', '/directors', { name: 'busy director' });
  const device = await console_.call('POST', '/devices', { name: 'referring device', directorIds: [id] });
  const { page, context, notes } = await openSignedIn(console_, `/resources/directors/${id}`, { expected: [409, 400] });
  await button(page, 'Delete').click();
  await button(page.getByRole('dialog'), 'Delete director').click();
  const link = page.getByRole('dialog').getByRole('link', { name: 'referring device' });
  assert.strictEqual(await link.getAttribute('href'), `/console/resources/devices/${device.id}`);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('actions change the status, and a copy gets another name', async () => {
  const { id } = await console_.call('POST', '/devices', { name: 'acting device' });
  const { page, context, notes } = await openSignedIn(console_, `/resources/devices/${id}`);
  await button(page, 'Disable').click();
  await button(page.getByRole('dialog'), 'Disable').click();
  await button(page, 'Enable').waitFor();
  assert.strictEqual((await console_.call('GET', `/devices/${id}`)).status, 'DISABLED');
  await button(page, 'Clone').click();
  await text(page, 'Name of the copy').fill('second device');
  await button(page.getByRole('dialog'), 'Clone device').click();
  await page.getByRole('heading', { name: 'second device', level: 1 }).waitFor();
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('of two versions the reader may take the other', async () => {
  const { id } = await console_.call('POST', '/devices', { name: 'taken device', description: 'first' });
  const { page, context, notes } = await openSignedIn(console_, `/resources/devices/${id}/edit`, { expected: [412] });
  await text(page, 'Description').fill('mine');
  await console_.call('PATCH', `/devices/${id}`, { description: 'theirs' });
  await button(page, 'Save changes').click();
  await button(page.getByRole('dialog'), 'Take theirs').click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.strictEqual(await text(page, 'Description').inputValue(), 'theirs');
  await text(page, 'Description').fill('mine after theirs');
  await button(page, 'Save changes').click();
  await page.getByRole('heading', { name: 'taken device', level: 1 }).waitFor();
  assert.strictEqual((await console_.call('GET', `/devices/${id}`)).description, 'mine after theirs');
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('what the role lacks is hidden, and a direct link names the permission', async () => {
  const { id } = await console_.call('POST', '/devices', { name: 'only to read' });
  const { page, context, notes } = await openSignedIn(console_, `/resources/devices/${id}`, { role: 'User' });
  await page.getByRole('heading', { name: 'only to read', level: 1 }).waitFor();
  for (const name of ['Delete', 'Disable', 'Clone']) assert.strictEqual(await button(page, name).count(), 0, name);
  assert.strictEqual(await page.getByRole('link', { name: 'Edit', exact: true }).count(), 0);
  await page.goto(`${console_.origin}/console/resources/devices/new`);
  await page.getByText('devices.create').waitFor();
  await page.goto(`${console_.origin}/console/resources/devices/${id}/edit`);
  await page.getByText('devices.edit').waitFor();
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('an object that does not exist, and a kind that does not, are pages', async () => {
  const { page, context, notes } = await openSignedIn(console_,
    '/resources/devices/0192f1a0-0000-7000-8000-000000000101', { expected: [404] });
  await page.getByText('Not found').first().waitFor();
  await page.goto(`${console_.origin}/console/resources/unheard-of`);
  await page.getByText('There is no such kind of resource.').waitFor();
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('long and foreign names do not break the layout, and are text', async () => {
  const names = [`<script>alert(1)</script>${'w'.repeat(103)}`, '\u0645\u0631\u062d\u0628\u0627 '.repeat(21).trim()];
  for (const name of names) await console_.call('POST', '/devices', { name, description: 'd'.repeat(500) });
  for (const width of [390, 768, 1280]) {
    const { page, context, notes } = await openSignedIn(console_, '/resources/devices', { viewport: { width, height: 800 } });
    await page.getByRole('link', { name: names[0] }).click();
    await page.getByRole('heading', { name: names[0], level: 1 }).waitFor();
    for (const go of ['stay', 'back']) {
      if (go === 'back') await page.goBack();
      await page.getByText(names[0]).first().waitFor();
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(over <= 0, `${over} px too wide at ${width}`);
    }
    assert.deepStrictEqual(notes, []);
    await context.close();
  }
});

// The document with a kind that the console has never heard of, served in place of the server's own.
async function withThirteenthKind(page) {
  await page.route('**/api/v1/swagger/openapi.json', async (route) => {
    const document = await (await route.fetch()).json();
    const as = (part) => JSON.parse(JSON.stringify(part).replaceAll('"devices"', '"gadgets"').replaceAll('DevicePage',
      'GadgetPage').replaceAll('"Device"', '"Gadget"').replaceAll('schemas/Device"', 'schemas/Gadget"'));
    for (const [path, item] of Object.entries(document.paths))
      if (path.startsWith('/api/v1/devices')) document.paths[path.replace('devices', 'gadgets')] = as(item);
    document.components.schemas.GadgetPage = as(document.components.schemas.DevicePage);
    document.components.schemas.Gadget = document.components.schemas.Device;
    await route.fulfill({ json: document });
  });
  await page.route(/\/api\/v1\/gadgets/, async (route) => {
    const answer = await route.fetch({ url: route.request().url().replace('gadgets', 'devices') });
    const body = (await answer.text()).replace('"devices":[', '"gadgets":[');
    await route.fulfill({ response: answer, body });
  });
}

test('thirteenth-kind: a new kind of the document has its pages', async () => {
  const { page, context, notes } = await openSignedIn(console_, '/organization/settings');
  await withThirteenthKind(page);
  await page.goto(`${console_.origin}/console/resources/gadgets`);
  await page.getByRole('heading', { name: 'Gadgets', level: 1 }).waitFor();
  await page.getByRole('link', { name: 'Create gadget' }).first().click();
  await text(page, 'Name').fill('the first gadget');
  await pick(page, 'UDP');
  await text(page, 'Port').fill('514');
  await button(page, 'Next').click();
  await button(page, 'Create gadget').click();
  await page.getByRole('heading', { name: 'the first gadget', level: 1 }).waitFor();
  await button(page, 'Delete').click();
  await button(page.getByRole('dialog'), 'Delete gadget').click();
  await page.getByRole('heading', { name: 'Gadgets', level: 1 }).waitFor();
  // Judged before the routes end: a refetch that is still under way would then ask the server for its unknown kind.
  assert.deepStrictEqual(notes, []);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await context.close();
});

for (const colorScheme of ['light', 'dark'])
  test(`axe finds nothing on the pages of resources (${colorScheme})`, async () => {
    const { id } = await console_.call('POST', '/devices', { name: `axe device ${colorScheme}`, labels: { a: 'b' },
      syslog: { forwarding: [{ address: '192.0.2.1' }] } });
    const { page, context } = await openSignedIn(console_, '/resources/devices', { colorScheme, bypassCSP: true });
    const check = async (what) => assert.deepStrictEqual(
      (await axe(page)).map(({ id: rule, nodes }) => [rule, nodes.map(({ html }) => html)]), [], what);
    await page.getByRole('link', { name: `axe device ${colorScheme}` }).waitFor();
    await check('list');
    await button(page, `Actions for axe device ${colorScheme}`).click();
    await page.getByRole('menuitem', { name: 'View details' }).waitFor();
    await check('menu of a row');
    await page.getByRole('menuitem', { name: 'Delete device' }).click();
    await check('delete');
    await page.goto(`${console_.origin}/console/resources/devices/${id}`);
    await page.getByText('CreatedDevice').waitFor();
    await check('details');
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await page.getByRole('combobox', { name: 'Directors', exact: true }).click();
    await page.locator('.popup').getByText(/No directors found|^listed/).first().waitFor();
    await check('list of references');
    await page.keyboard.press('Escape');
    await text(page, 'Name').fill('');
    await button(page, 'Save changes').click();
    await page.getByText('Name is required').waitFor();
    await check('form with a problem');
    await page.goto(`${console_.origin}/console/resources/pipelines/new`);
    await text(page, 'Name').fill('axe-pipeline');
    await page.locator('.code-editor .cm-content').waitFor();
    await check('form with an editor');
    await button(page, 'API Preview').click();
    await page.locator('.code .hljs-string').first().waitFor();
    await check('preview');
    await context.close();
  });
