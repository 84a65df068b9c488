// Long lists in the console: 1,000 rows at once, and 10,000 tokens.
import assert from 'node:assert';
import { connect } from 'node:http2';
import test, { after, before } from 'node:test';
import { workOf } from './pages.mjs';
import { openSignedIn, startConsole } from './signed_in.mjs';

const TOKENS = 10000, DEVICES = 1000, AT_ONCE = 50;
const API_READER = '00000000-0000-7000-8000-000000000007';
const HEAD = 1;

// One connection of HTTP/2: thousands of requests would cost fetch() a minute.
async function createAll(collection, count, bodyOf) {
  const session = connect(console_.origin);
  const create = (number) => new Promise((resolve, reject) => {
    const request = session.request({ ':method': 'POST', ':path': `/api/v1${collection}`,
      'authorization': `Bearer ${console_.server.token}`, 'content-type': 'application/json' });
    request.on('response', ({ ':status': status }) => (status === 201 ? resolve() : reject(new Error(`${status}`))));
    request.on('error', reject);
    request.resume();
    request.end(JSON.stringify(bodyOf(number)));
  });
  for (let first = 0; first < count; first += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, place) => create(first + place)));
  session.close();
}

let console_;
before(async () => {
  console_ = await startConsole();
  const description = 'One of many';
  await createAll('/api-tokens', TOKENS, (number) => ({ name: `listed token ${number}`, description, roleId: API_READER }));
  await createAll('/devices', DEVICES, (number) => ({ name: `listed device ${number}`, description }));
});
after(() => console_?.stop());

const rowsOf = (page) => page.locator('tbody > tr:not(.away)');

for (const [title, path, row] of [
  ['devices', '/resources/devices?size=25', 'listed device'],
  ['API tokens', '/organization/settings/api-tokens?size=25', 'listed token'],
])
  test(`1,000 ${title} are rendered as far as the screen shows`, async (t) => {
    const { page, context, notes } = await openSignedIn(console_, path);
    await rowsOf(page).nth(24).getByText(row).first().waitFor();
    const work = await workOf(page);
    const { promise: held, resolve: answer } = Promise.withResolvers();
    await page.route(/pageSize=1000(?!.*readMask)/, async (route) => {
      const response = await route.fetch();
      await held;
      await route.fulfill({ response });
    });
    await page.getByRole('combobox', { name: /^Rows/ }).selectOption('1000');
    await page.waitForTimeout(300);
    const begin = await work();
    answer();
    await page.waitForFunction(() => document.querySelectorAll('tbody').length > 1);
    // A frame that is painted, and a task after it.
    await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve)); }));
    const worked = await work() - begin;
    t.diagnostic(`${Math.round(worked)} ms of work until the rows are interactive (goal: 200)`);
    assert.ok(await rowsOf(page).count() < 300, 'rows far from the screen are rendered');
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
    const last = rowsOf(page).last();
    await last.getByText(row).first().waitFor();
    const head = await page.locator('thead th').first().boundingBox();
    assert.strictEqual(Math.round(head.y), 56, 'the head left the screen');
    await last.getByRole('button', { name: /^Actions/ }).click();
    await page.getByRole('menuitem').first().waitFor();
    assert.deepStrictEqual(notes, []);
    await context.close();
  });

test('10,000 tokens are searched, ordered and paged by the server', async () => {
  const { page, context, notes } = await openSignedIn(console_, '/organization/settings/api-tokens');
  await page.getByText(/^1–50/).waitFor();
  await page.getByLabel('Search tokens').fill('token 99');
  await page.getByRole('button', { name: 'listed token 9999', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Token Name' }).click();
  await page.waitForURL(/order=name/);
  await page.getByRole('button', { name: 'listed token 99', exact: true }).waitFor();
  assert.ok(await page.getByRole('row').count() <= 50 + HEAD);
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText(/^51–/).waitFor();
  await page.getByRole('button', { name: /^Status: All/ }).click();
  await page.getByRole('menuitemradio', { name: /1,000\+/ }).first().waitFor();
  assert.deepStrictEqual(notes, []);
  await context.close();
});
