// The console's frame in Chromium: sign-in, the end of a session, themes, keyboard, axe, and how much a first load is.
import assert from 'node:assert';
import test, { after, before } from 'node:test';
import { callApi, createToken, fillSignIn, openConsole, originOf, settle, SIGNED_OUT, TOKENS } from './console.mjs';
import { axe, launch, openPage, startServer } from './pages.mjs';

let server, browser;
before(async () => {
  server = await startServer();
  browser = await launch();
  await createToken(server, { name: 'ci-deploy', description: 'Pipeline deployments', expiration: 'ONE_MONTH' });
  await createToken(server, { name: `<script>alert(1)</script>${'w'.repeat(103)}`, description: 'ضوء '.repeat(125) });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const open = (path, options) => openConsole(browser, server, path, options);

test('sign-in: a deep link waits, a wrong password is refused, sign-out forgets', async () => {
  const path = `${TOKENS}?search=ci`;
  const { page, context, notes } = await openPage(browser, originOf(server), path, { expected: [SIGNED_OUT] });
  await fillSignIn(page, { ...server.owner, password: 'not the password' });
  await page.getByText('The e-mail address or the password is wrong.').waitFor();
  await fillSignIn(page, server.owner);
  await page.getByRole('button', { name: 'ci-deploy', exact: true }).waitFor();
  assert.strictEqual(new URL(page.url()).search, '?search=ci');
  await page.getByRole('button', { name: /^User menu/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.ok(!(await page.content()).includes('ci-deploy'));
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('session-expiry-keeps-input: the dialog asks for the password, and the work goes on', async () => {
  const { page, context, notes } = await open(`${TOKENS}/new`);
  await page.getByLabel('Token name').fill('typed before the end');
  await page.getByLabel('Description').fill('kept');
  await context.clearCookies();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel('Assign role').fill('api reader');
  await page.getByRole('option', { name: /^API Reader/ }).click();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Create API token' }).click();
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await dialog.getByLabel('Password').fill(server.owner.password);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Show token' }).waitFor();
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('the hamburger leads to the API tokens', async () => {
  const { page, context, notes } = await open('/console/nowhere', { viewport: { width: 390, height: 800 } });
  await page.getByText('There is no page at this address.').waitFor();
  await page.getByRole('button', { name: 'Navigation', exact: true }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('link', { name: 'API Tokens' }).click();
  await page.getByRole('button', { name: 'ci-deploy', exact: true }).waitFor();
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.strictEqual(width, 390, 'the page is wider than the screen');
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('the theme is chosen, and holds before the first paint', async () => {
  const { page, context, notes } = await open('/console/');
  const isDark = () => page.evaluate(() => document.documentElement.classList.contains('dark'));
  assert.strictEqual(await isDark(), false);
  await page.getByRole('button', { name: /^User menu/ }).click();
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  assert.strictEqual(await isDark(), true);
  await page.reload({ waitUntil: 'commit' });
  await page.waitForFunction(() => document.documentElement.classList.contains('dark'));
  await page.emulateMedia({ colorScheme: 'light' });
  assert.strictEqual(await isDark(), true);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('keyboard-only: a token is created without a pointer', async () => {
  const { page, context, notes } = await open(`${TOKENS}/new`);
  await page.locator('input:focus').and(page.getByLabel('Token name')).waitFor();
  await page.keyboard.type('by keyboard');
  await page.keyboard.press('Enter');
  await page.getByLabel('Set expiration').focus();
  await page.keyboard.press('Space');
  await page.getByLabel('Assign role').focus();
  await page.keyboard.type('api reader');
  await page.getByRole('option', { name: /^API Reader/ }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByText('What API Reader permits').waitFor();
  await page.getByRole('button', { name: 'Next' }).press('Enter');
  await page.getByRole('button', { name: 'Create API token' }).press('Enter');
  await page.getByRole('button', { name: 'Show token' }).press('Enter');
  assert.match(await page.getByTestId('shown-once').innerText(), /^dsa_/);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

// Opens each state of the pages in turn.
async function* states(page) {
  const { body } = await callApi(server, 'GET', '/api-tokens');
  const id = body.apiTokens.find(({ name }) => name === 'ci-deploy').id;
  yield 'table';
  await page.getByRole('button', { name: 'ci-deploy', exact: true }).click();
  await page.getByRole('link', { name: 'Manage API token' }).waitFor();
  yield 'drawer';
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('menuitemcheckbox').first().waitFor();
  yield 'columns';
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Actions for ci-deploy' }).click();
  await page.getByRole('menuitem', { name: 'Delete API token' }).waitFor();
  yield 'menu of a token';
  await page.getByRole('menuitem', { name: 'Delete API token' }).click();
  yield 'delete dialog';
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByLabel('Search tokens').fill('no such token');
  await page.getByText('No tokens match').waitFor();
  yield 'no match';
  await page.goto(`${originOf(server)}${TOKENS}/${id}`);
  await page.getByRole('cell', { name: 'CreatedApiToken' }).waitFor();
  yield 'details';
  await page.getByRole('button', { name: 'Manage token configuration' }).click();
  await page.getByRole('button', { name: 'Regenerate API token' }).click();
  yield 'regenerate dialog';
  await page.goto(`${originOf(server)}${TOKENS}/new`);
  await page.getByRole('button', { name: 'Next' }).click();
  yield 'step 1 with an error';
  await page.getByLabel('Token name').fill(`axe ${Math.random()}`);
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel('Set expiration').check();
  yield 'step 2';
  await page.getByLabel('Assign role').click();
  await page.getByRole('option', { name: /^API Reader/ }).waitFor();
  yield 'list of roles';
  await page.getByRole('option', { name: /^API Reader/ }).click();
  await page.getByRole('button', { name: 'Next' }).click();
  yield 'step 3';
  await page.getByRole('button', { name: 'Create API token' }).click();
  await page.getByRole('button', { name: 'Show token' }).waitFor();
  yield 'step 4';
}

for (const colorScheme of ['light', 'dark'])
  test(`axe: no violation on any page (${colorScheme})`, async () => {
    const options = { colorScheme, bypassCSP: true, reducedMotion: 'reduce' };
    const signedOut = await openPage(browser, originOf(server), '/console/', options);
    await signedOut.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    const found = [['sign-in', await axe(signedOut.page)]];
    await signedOut.context.close();
    const { page, context } = await open('/console/', options);
    await page.getByRole('button', { name: 'ci-deploy', exact: true }).waitFor();
    for await (const state of states(page)) {
      await settle(page);
      found.push([state, await axe(page)]);
    }
    const violations = found.flatMap(([state, rules]) => rules.map(({ id, nodes }) => [state, id, nodes.map(({ html }) => html)]));
    assert.deepStrictEqual(violations, []);
    await context.close();
  });

test('budget: a first load has at most 300 kB and 20 requests', async () => {
  const { page, context } = await openPage(browser, originOf(server), '/console/');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await fillSignIn(page, server.owner);
  await page.getByRole('button', { name: 'ci-deploy', exact: true }).waitFor();
  const loads = await page.evaluate(() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .map(({ name, transferSize }) => [name, transferSize]));
  const bytes = loads.reduce((sum, [, size]) => sum + size, 0);
  assert.ok(bytes <= 300000, `${bytes} bytes: ${loads.join(' ')}`);
  assert.ok(loads.length <= 20, `${loads.length} requests: ${loads.join(' ')}`);
  await context.close();
});
