// The Swagger page in Chromium: a reader authorizes, creates a device, and copies commands; nothing leaves the host.
import assert from 'node:assert';
import test, { after, before } from 'node:test';
import { axe, launch, openPage, startServer, workOf } from './pages.mjs';

// Findings of Swagger UI itself, by rule; the list may only shrink.
const SWAGGER_UI_FINDINGS = new Set(['aria-allowed-attr', 'color-contrast', 'heading-order', 'label', 'nested-interactive',
  'scrollable-region-focusable', 'select-name', 'region', 'landmark-unique', 'aria-command-name', 'button-name',
  'svg-img-alt', 'page-has-heading-one', 'empty-heading', 'duplicate-id']);
const PAGE = '/api/v1/swagger/index.html';

let server, browser;
before(async () => {
  server = await startServer();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function open(path, options) {
  const opened = await openPage(browser, `http://${server.address}`, path, options);
  await opened.page.waitForSelector('.opblock-tag');
  return opened;
}

test('a reader authorizes and creates a device, and nothing is kept or leaves the host', async (t) => {
  const { page, context, notes } = await open(PAGE);
  await page.click('.btn.authorize');
  await page.fill('.auth-container input', server.token);
  await page.click('.auth-btn-wrapper .authorize');
  await page.click('.btn-done');
  await page.click('#operations-tag-devices');
  const operation = page.locator('#operations-devices-createDevice');
  const work = await workOf(page);
  const [begin, began] = [await work(), performance.now()];
  await operation.locator('.opblock-summary-control').click();
  await operation.locator('.try-out__btn').waitFor();
  t.diagnostic(`${Math.round(await work() - begin)} ms of work, ${Math.round(performance.now() - began)} ms in all, until an ` +
    'operation of the whole API is open (goal: 1000)');
  await operation.locator('.try-out__btn').click();
  await operation.locator('textarea').fill('{"name": "made in the browser"}');
  await operation.locator('.execute').click();
  await operation.locator('.live-responses-table .response-col_status >> text=201').waitFor();
  const snippets = operation.locator('.request-snippets');
  const bash = await snippets.textContent();
  assert.match(bash, /curl -X POST "\$BASE_URL\/devices"/);
  assert.match(bash, /Authorization: Bearer \$API_TOKEN/);
  await snippets.locator('text=PowerShell').click();
  const powershell = await snippets.textContent();
  assert.match(powershell, /Invoke-RestMethod -Method POST -Uri "\$BASE_URL\/devices"/);
  const text = await page.locator('body').innerText();
  assert.ok(!text.includes(server.token), 'the page shows the token');
  assert.deepStrictEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0]);
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('a deep link opens its operation', async () => {
  const { page, context, notes } = await open(`${PAGE}#/devices/createDevice`);
  await page.locator('#operations-devices-createDevice .opblock-body').waitFor();
  assert.deepStrictEqual(notes, []);
  await context.close();
});

test('no address makes the page read another document', async () => {
  const { page, context, notes } = await open(`${PAGE}?url=http://127.0.0.1:9/x.json&configUrl=http://127.0.0.1:9/y.json`);
  await page.locator('#operations-tag-devices').waitFor();
  assert.deepStrictEqual(notes, []);
  await context.close();
});

for (const colorScheme of ['light', 'dark'])
  test(`axe finds nothing that is ours (${colorScheme})`, async () => {
    const { page, context } = await open(PAGE, { colorScheme, bypassCSP: true });
    assert.strictEqual(await page.evaluate(() => document.documentElement.classList.contains('dark-mode')),
      colorScheme === 'dark');
    const found = await axe(page);
    const ours = found.filter(({ id, nodes }) => !SWAGGER_UI_FINDINGS.has(id) ||
      nodes.some(({ target }) => target.some((part) => /page-head|skip/.test(part))));
    assert.deepStrictEqual(ours.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
    await context.close();
  });
