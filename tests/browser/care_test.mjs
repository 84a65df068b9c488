// The console where a reader's screen, settings or connection are unlike most: narrow, enlarged, forced colours, reduced
// motion, offline, and a server that asks for patience.
import assert from 'node:assert';
import test, { after, before } from 'node:test';
import { text } from './kinds.mjs';
import { axe } from './pages.mjs';
import { openSignedIn, startConsole } from './signed_in.mjs';

const SCRIPT = `<script>alert(1)</script>${'w'.repeat(103)}`;
const ARABIC = '\u0645\u0631\u062d\u0628\u0627 '.repeat(21).trim();
const API_READER = '00000000-0000-7000-8000-000000000007';

let console_, pages;
before(async () => {
  console_ = await startConsole();
  const description = 'd'.repeat(500);
  const { roles } = await console_.call('GET', '/roles?pageSize=100');
  const { id: role } = await console_.call('POST', '/roles', { name: SCRIPT, description, permissions: ['devices.read'] });
  for (const name of [SCRIPT, ARABIC]) {
    await console_.call('POST', '/devices', { name, description });
    await console_.call('POST', '/api-tokens', { name, description, roleId: API_READER });
  }
  await console_.call('POST', '/users', { name: SCRIPT, email: `${'e'.repeat(60)}@${'long.'.repeat(30)}example`,
    roleId: roles.find(({ name }) => name === 'Contributor').id, password: 'a long enough password' });
  pages = {
    'table of tokens': '/organization/settings/api-tokens', 'wizard': '/organization/settings/api-tokens/new',
    'roles': '/organization/settings/roles', 'role': `/organization/settings/roles/${role}`, 'users': '/organization/users',
    'audit': '/organization/audit', 'settings': '/organization/settings/general', 'devices': '/resources/devices',
    'form': '/resources/devices/new',
  };
});
after(() => console_?.stop());

// How far the page is wider than its screen, on each of the pages; one context for all.
async function tooWide(options) {
  const { page, context, notes } = await openSignedIn(console_, '/resources/devices', options);
  const found = [];
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(`${console_.origin}/console${path}`);
    await page.locator('main h1').waitFor();
    await page.locator('main :is(table, form)').first().waitFor();
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (over > 0) found.push(`${name}: ${over} px`);
  }
  assert.deepStrictEqual(notes, []);
  await context.close();
  return found;
}

for (const [width, what] of [[390, 'a telephone'], [768, 'a tablet'], [640, '1280 px at 200 %']])
  test(`no page is wider than ${what} (${width} px), whatever names there are`, async () => {
    assert.deepStrictEqual(await tooWide({ viewport: { width, height: 800 } }), []);
  });

test('forced colours: what is chosen, wrong and focused is seen without a background', async () => {
  const { page, context, notes } = await openSignedIn(console_, '/organization/settings/api-tokens/new', { forcedColors: 'active' });
  const field = page.getByLabel('Token name');
  await field.focus();
  const style = (locator, name) => locator.evaluate((node, property) => getComputedStyle(node)[property], name);
  assert.notStrictEqual(await style(field, 'outlineStyle'), 'none', 'the focus is not seen');
  await field.fill('forced colours');
  await page.getByRole('button', { name: 'Next' }).click();
  const box = page.getByLabel('Set expiration');
  const before = await style(box, 'backgroundColor');
  await box.check();
  const after = await page.getByLabel('Set API token time limit').evaluate((node) => getComputedStyle(node).backgroundColor);
  assert.notStrictEqual(after, before, 'a check box looks the same when it is checked');
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('reduced motion: nothing moves', async () => {
  const { page, context } = await openSignedIn(console_, '/resources/devices');
  await page.getByRole('button', { name: /^Actions for/ }).first().click();
  await page.getByRole('menuitem').first().waitFor();
  const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((node) => {
    const { animationName, animationDuration, transitionDuration } = getComputedStyle(node);
    const lasts = (durations) => durations.split(',').some((duration) => parseFloat(duration) > 0.01);
    return lasts(transitionDuration) || (animationName !== 'none' && lasts(animationDuration));
  }).map(({ className }) => className));
  assert.deepStrictEqual(moving, []);
  await context.close();
});

test('offline: a banner says so, and goes when the connection is back', async () => {
  const { page, context } = await openSignedIn(console_, '/resources/devices', { expected: ['x'] });
  await page.getByRole('table').waitFor();
  await context.setOffline(true);
  await page.getByText('You are offline.').waitFor();
  await context.setOffline(false);
  await page.getByText('You are offline.').waitFor({ state: 'detached' });
  await context.close();
});

for (const status of [429, 503])
  test(`${status}: a list counts down and asks again by itself, and a form keeps what was typed`, async () => {
    const { page, context, notes } = await openSignedIn(console_, '/resources/devices/new', { expected: [status], bypassCSP: true });
    const refuse = async (pattern) => {
      let left = 1;
      await page.route(pattern, async (route) => {
        if (left-- <= 0) return route.continue();
        return route.fulfill({ status, headers: { 'retry-after': '3' }, contentType: 'application/problem+json',
          json: { status, title: 'Wait', detail: 'Too many requests.' } });
      });
    };
    await refuse(/devices\?validateOnly/);
    await text(page, 'Name').fill(`kept over ${status}`);
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    const waiting = page.getByRole('button', { name: /^Wait \d s$/ });
    await waiting.waitFor();
    assert.ok(await waiting.isDisabled());
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await page.getByRole('heading', { name: 'Review' }).waitFor();
    assert.match(await page.locator('main').innerText(), new RegExp(`kept over ${status}`));

    await refuse(/devices\?pageSize/);
    page.once('dialog', (dialog) => dialog.accept());
    await page.goto(`${console_.origin}/console/resources/devices`);
    await page.getByText(/The next try is in \d s\./).waitFor();
    assert.deepStrictEqual((await axe(page)).map(({ id }) => id), []);
    await page.getByRole('table').waitFor();
    assert.deepStrictEqual(notes, []);
    await context.close();
  });
