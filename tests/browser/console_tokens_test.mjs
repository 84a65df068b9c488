// The API tokens in the console, in Chromium and against the real server: table, creation, details, deletion.
import assert from 'node:assert';
import { readFile } from 'node:fs/promises';
import test, { after, before } from 'node:test';
import { callApi, createToken, findToken, openConsole, rowOf, TOKENS } from './console.mjs';
import { launch, startServer } from './pages.mjs';

let server, browser;
before(async () => {
  server = await startServer();
  browser = await launch('--host-resolver-rules=MAP insecure.test 127.0.0.1');
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const open = (path, options) => openConsole(browser, server, path, options);
const valueOf = (page) => page.getByTestId('shown-once');

// Fills in the first three steps and creates the token.
async function create(page, name, configure = async () => {}) {
  await page.getByLabel('Token name').fill(name);
  await page.getByRole('button', { name: 'Next' }).click();
  await configure();
  await page.getByLabel('Assign role').fill('api read');
  await page.getByRole('option', { name: /^API Reader/ }).click();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Create API token' }).dblclick();
  await page.getByRole('button', { name: 'Show token' }).waitFor();
}

async function leave(page) {
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await page.getByText('Copied', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('link', { name: 'Create API token' }).waitFor();
}

test('tokens-table: columns, search, filter, order and drawer, all in the address', async () => {
  await createToken(server, { name: 'alpha table', description: 'The first' });
  await createToken(server, { name: 'beta table', expiration: 'ONE_MONTH', status: 'DISABLED' });
  await createToken(server, { name: 'gamma table', expireTime: new Date(Date.now() + 3 * 86400e3).toISOString() });
  const { page, context, notes } = await open('/console/');
  for (const title of ['Token Name', 'Description', 'Token', 'Time Limit', 'Status', 'Last used'])
    await page.getByRole('columnheader', { name: title, exact: true }).waitFor();
  assert.match(await rowOf(page, 'alpha table').innerText(), /The first[^]*Indefinite[^]*Active[^]*Never used/);
  assert.match(await rowOf(page, 'beta table').innerText(), /Disabled/);
  assert.match(await rowOf(page, 'gamma table').innerText(), /Active[^]*Expires in 3 days/);
  await page.getByText('1 token expires within 7 days.').waitFor();
  const row = rowOf(page, 'alpha table');
  assert.match(await row.innerText(), /••••••••••••/);
  await row.getByRole('button', { name: 'Show token alpha table' }).click();
  assert.match(await row.innerText(), /dsa_••••••••\w{4}/);

  await page.getByLabel('Search tokens').fill('table');
  await page.getByRole('button', { name: 'Token Name' }).click();
  await page.waitForURL(/search=table.*order=name|order=name.*search=table/);
  await page.getByRole('button', { name: /^Status: All/ }).click();
  await page.getByRole('menuitemradio', { name: /Disabled\s*1/ }).click();
  await page.waitForURL(/status=DISABLED/);
  await rowOf(page, 'alpha table').waitFor({ state: 'detached' });
  await page.reload();
  await rowOf(page, 'beta table').waitFor();
  assert.strictEqual(await page.getByRole('row').count(), 2);

  await page.getByLabel('Search tokens').fill('no such token');
  await page.getByText('No tokens match').waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.getByRole('button', { name: 'alpha table', exact: true }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'Manage API token' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('tokens-create-indefinite: a double click creates one token', async () => {
  const { page, context, notes } = await open(`${TOKENS}/new?name=from%20a%20link&unknown=1`);
  assert.strictEqual(await page.getByLabel('Token name').inputValue(), 'from a link');
  await create(page, 'without limit', async () => {
    await page.getByLabel('Set expiration').waitFor();
    await page.getByLabel('Assign role').fill('owner');
    await page.getByText('No role fits.').waitFor();
  });
  const found = await findToken(server, 'without limit');
  assert.deepStrictEqual(found.map(({ expireTime, roleName }) => [expireTime, roleName]), [[undefined, 'API Reader']]);
  await leave(page);
  assert.match(await rowOf(page, 'without limit').innerText(), /Indefinite/);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('tokens-create-preset: the label of the check box changes, and the review can be edited', async () => {
  const { page, context, notes } = await open(`${TOKENS}/new`);
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('A name must have 3 to 128 characters.').waitFor();
  await page.getByLabel('Token name').fill('with preset');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel('Set expiration').check();
  await page.getByLabel('Set API token time limit').waitFor();
  await page.getByRole('radio', { name: '1 week' }).check({ force: true });
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('Choose a role.').waitFor();
  await page.getByLabel('Assign role').click();
  await page.getByRole('option', { name: /^API Reader/ }).click();
  await page.getByRole('button', { name: 'Next' }).click();
  assert.match(await page.locator('dl.review').innerText(), /Token Name[^]*with preset[^]*1 week[^]*API Reader/);
  await page.getByRole('button', { name: 'Edit' }).first().click();
  await page.getByLabel('Description').fill('Edited in review');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Create API token' }).click();
  await page.getByRole('button', { name: 'Show token' }).waitFor();
  const [token] = await findToken(server, 'with preset');
  assert.strictEqual(token.description, 'Edited in review');
  const lifetime = new Date(token.expireTime) - new Date(token.createTime);
  assert.ok(Math.abs(lifetime - 7 * 86400e3) < 5000, `${lifetime}`);
  await leave(page);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('tokens-create-custom: the zone is named, UTC is below, and the past is refused', async () => {
  const { page, context, notes } = await open(`${TOKENS}/new`, { timezoneId: 'Europe/Berlin' });
  await create(page, 'with a custom time', async () => {
    await page.getByLabel('Set expiration').check();
    await page.getByRole('radio', { name: 'Custom' }).check({ force: true });
    const input = page.getByLabel('Date and time (Europe/Berlin)');
    await input.fill('2020-01-01T00:00');
    await page.getByText('The time must be in the future.').waitFor();
    await input.fill('2037-07-01T14:30');
    await page.getByText(/In UTC: Jul 1, 2037, 12:30:00/).waitFor();
  });
  assert.strictEqual((await findToken(server, 'with a custom time'))[0].expireTime, '2037-07-01T12:30:00Z');
  await leave(page);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('a name that exists is refused at the name', async () => {
  await createToken(server, { name: 'exists already' });
  const { page, context, notes } = await open(`${TOKENS}/new?name=Exists%20already&role=api%20reader`, { expected: [409] });
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('What API Reader permits').waitFor();
  await page.getByLabel('Allowed networks').fill('10.0.0.0/8');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Create API token' }).click();
  await page.getByText('is the name of another API token').waitFor();
  assert.strictEqual(await page.getByLabel('Token name').getAttribute('aria-invalid'), 'true');
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('tokens-reveal-once: the value is masked, downloaded, tried, and gone after a reload', async () => {
  const { page, context, notes } = await open(`${TOKENS}/new`);
  await create(page, 'shown once');
  assert.match(await valueOf(page).innerText(), /^•+$/);
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByText('Leave without the token?').waitFor();
  await page.getByRole('button', { name: 'Stay' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click(),
  ]);
  assert.strictEqual(download.suggestedFilename(), 'shown once.txt');
  const saved = await readFile(await download.path(), 'utf8');
  await page.getByRole('button', { name: 'Show token' }).click();
  assert.strictEqual(await valueOf(page).innerText(), saved);
  assert.match(saved, /^dsa_[0-9A-Za-z]{49}$/);
  await page.getByRole('button', { name: 'Test token' }).click();
  await page.getByText('The token works without a time limit, with the role API Reader.').waitFor();
  const body = await page.locator('body').innerText();
  assert.match(body, /curl -H "Authorization: Bearer \$API_TOKEN"/);
  assert.match(body, /Invoke-RestMethod/);
  await page.reload();
  await page.getByLabel('Token name').waitFor();
  assert.ok(!(await page.content()).includes(saved));
  assert.deepStrictEqual(await page.evaluate((value) => [location.href, JSON.stringify({ ...localStorage, ...sessionStorage })]
    .filter((text) => text.includes(value)), saved), []);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('the value is masked again after a minute', async () => {
  const { page, context } = await open(`${TOKENS}/new`);
  await create(page, 'masked again');
  await page.clock.install();
  await page.getByRole('button', { name: 'Show token' }).click();
  assert.match(await valueOf(page).innerText(), /^dsa_/);
  await page.clock.runFor(61000);
  assert.match(await valueOf(page).innerText(), /^•+$/);
  await context.close();
});

test('tokens-copy-insecure-origin: copy works without a secure context, masked, and within a dialog', async () => {
  const origin = `http://insecure.test:${server.address.split(':')[1]}`;
  const { page, context, notes } = await open(`${TOKENS}/new`, { origin });
  assert.deepStrictEqual(await page.evaluate(() => [isSecureContext, navigator.clipboard === undefined]), [false, true]);
  await create(page, 'insecure origin');
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await page.getByText('Copied', { exact: true }).waitFor();
  assert.match(await valueOf(page).innerText(), /^•+$/);
  await page.getByRole('button', { name: 'Done' }).click();
  const search = page.getByLabel('Search tokens');
  await search.click();
  await page.keyboard.press('Control+V');
  const first = await search.inputValue();
  assert.match(first, /^dsa_[0-9A-Za-z]{49}$/);

  const [token] = await findToken(server, 'insecure origin');
  await page.goto(`${origin}${TOKENS}/${token.id}`);
  await page.getByRole('button', { name: 'Manage token configuration' }).click();
  await page.getByRole('button', { name: 'Regenerate API token' }).click();
  await page.getByRole('button', { name: 'Regenerate', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Copy', exact: true }).click();
  await page.getByText('Copied', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByLabel('Allowed networks').fill('');
  await page.keyboard.press('Control+V');
  const second = await page.getByLabel('Allowed networks').inputValue();
  assert.match(second, /^dsa_[0-9A-Za-z]{49}$/);
  assert.notStrictEqual(second, first);
  // Chromium says itself that it heeds this header on secure origins alone.
  assert.deepStrictEqual(notes.filter((note) => !note.startsWith('The Cross-Origin-Opener-Policy header has been ignored')), []);
  await context.close();
});

test('tokens-regenerate-overlap: the old value works on for as long as was chosen', async () => {
  const token = await createToken(server, { name: 'to regenerate' });
  const works = async (value) => (await callApi(server, 'GET', '/authorization/whoami', undefined,
    { authorization: `Bearer ${value}` })).status === 200;
  const { page, context, notes } = await open(`${TOKENS}/${token.id}`);
  await page.getByRole('button', { name: 'Manage token configuration' }).waitFor();
  assert.strictEqual(await page.getByRole('button', { name: 'Regenerate API token' }).count(), 0);
  const regenerate = async (overlap) => {
    await page.getByRole('button', { name: 'Regenerate API token' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: overlap }).check({ force: true });
    await dialog.getByRole('button', { name: 'Regenerate', exact: true }).click();
    await dialog.getByRole('button', { name: 'Show token' }).click();
    const value = await valueOf(page).innerText();
    await dialog.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByText('Copied', { exact: true }).waitFor();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await dialog.waitFor({ state: 'detached' });
    return value;
  };
  await page.getByRole('button', { name: 'Manage token configuration' }).click();
  const second = await regenerate('In 1 hour');
  assert.deepStrictEqual([await works(token.token), await works(second)], [true, true]);
  const third = await regenerate('Now');
  assert.deepStrictEqual([await works(token.token), await works(second), await works(third)], [false, false, true]);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('details: name and role are edited, and the history says so', async () => {
  const token = await createToken(server, { name: 'to edit' });
  const { page, context, notes } = await open(`${TOKENS}/${token.id}`, { expected: [412] });
  await page.getByRole('button', { name: 'Manage token details' }).click();
  await page.getByLabel('Description').fill('Mine');
  await callApi(server, 'PATCH', `/api-tokens/${token.id}`, { description: 'Theirs' });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The token was changed meanwhile').waitFor();
  assert.match(await page.getByRole('dialog').innerText(), /Mine[^]*Theirs/);
  await page.getByRole('button', { name: 'Keep mine' }).click();
  await page.getByRole('button', { name: 'Manage token details' }).waitFor();
  assert.strictEqual((await findToken(server, 'to edit'))[0].description, 'Mine');
  await page.getByRole('button', { name: 'Manage token configuration' }).click();
  await page.getByLabel('Assign role').fill('API Contributor');
  await page.getByRole('option', { name: /^API Contributor/ }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('region', { name: 'Token Configuration' }).getByText('API Contributor').first().waitFor();
  for (const title of ['Time', 'Actor', 'Source IP', 'Action', 'Description', 'Outcome'])
    await page.getByRole('columnheader', { name: title, exact: true }).waitFor();
  await page.getByRole('cell', { name: 'UpdatedApiToken' }).first().waitFor();
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('tokens-delete: the dialog names the token, focus is on Cancel, and a token in use is typed', async () => {
  const token = await createToken(server, { name: 'to delete' });
  await callApi(server, 'GET', '/authorization/whoami', undefined, { authorization: `Bearer ${token.token}` });
  await createToken(server, { name: 'never used' });
  const { page, context, notes } = await open('/console/');
  const remove = async (name) => {
    await page.getByRole('button', { name: `Actions for ${name}` }).click();
    await page.getByRole('menuitem', { name: 'Delete API token' }).click();
    return page.getByRole('dialog');
  };
  let dialog = await remove('never used');
  assert.match(await dialog.innerText(), /never used[^]*The token was never used\./);
  await page.waitForFunction(() => document.activeElement?.textContent === 'Cancel');
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
  // While a dialog is open, the rows are hidden from assistive technology.
  await dialog.waitFor({ state: 'detached' });
  await rowOf(page, 'never used').waitFor({ state: 'detached' });
  assert.deepStrictEqual(await findToken(server, 'never used'), []);

  dialog = await remove('to delete');
  const button = dialog.getByRole('button', { name: 'Delete', exact: true });
  if ((await findToken(server, 'to delete'))[0].lastUsedTime !== undefined) {
    assert.match(await dialog.innerText(), /last used/);
    assert.ok(await button.isDisabled());
    await dialog.getByRole('textbox').fill('to delete');
  }
  await button.click();
  await dialog.waitFor({ state: 'detached' });
  await rowOf(page, 'to delete').waitFor({ state: 'detached' });
  assert.deepStrictEqual(await findToken(server, 'to delete'), []);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('tokens-expire-live: the status turns to Expired by itself', async () => {
  const { page, context, notes } = await open('/console/');
  await page.getByRole('button', { name: 'Refresh' }).waitFor();
  // What a slow machine needs to show the row is no part of what is measured.
  const time = Date.now() + 8000;
  await createToken(server, { name: 'expires soon', expireTime: new Date(time).toISOString() });
  await page.getByRole('button', { name: 'Refresh' }).click();
  const row = rowOf(page, 'expires soon');
  assert.match(await row.innerText(), /Active[^]*Expires within a day/);
  const seen = await row.evaluate((node) => new Promise((resolve) => {
    const look = () => /\bExpired\b/.test(node.innerText) && resolve(Date.now());
    new MutationObserver(look).observe(node, { subtree: true, childList: true, characterData: true });
    look();
  }));
  assert.ok(seen - time < 2000, `${seen - time} ms after the time limit`);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('disable and enable: in the row menu', async () => {
  await createToken(server, { name: 'to disable' });
  const { page, context, notes } = await open('/console/');
  for (const [item, word] of [['Disable API token', 'Disabled'], ['Enable API token', 'Active']]) {
    await page.getByRole('button', { name: 'Actions for to disable' }).click();
    await page.getByRole('menuitem', { name: item }).click();
    await rowOf(page, 'to disable').getByText(word, { exact: true }).waitFor();
  }
  assert.deepStrictEqual(notes, []);
  await context.close();
});
