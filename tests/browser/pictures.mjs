// Takes pictures of the console's pages, as WebP, into the folder that is named.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openConsole, originOf, callApi, createToken, TOKENS } from './console.mjs';
import { launch, openPage, startServer } from './pages.mjs';

const folder = process.argv[2];
const QUALITY = 0.82;
const DAY = 86400e3;
const VIEWS = {
  'light': { colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  'dark': { colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
  '390': { colorScheme: 'light', viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
};

const server = await startServer();
const browser = await launch();
const converter = await (await browser.newContext()).newPage();

// Chromium encodes WebP itself.
async function toWebp(png) {
  const address = await converter.evaluate(async ([data, quality]) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    canvas.getContext('2d').drawImage(image, 0, 0);
    return canvas.toDataURL('image/webp', quality);
  }, [png.toString('base64'), QUALITY]);
  return Buffer.from(address.split(',')[1], 'base64');
}

// What the pictures show.
async function fill() {
  const created = async (path, body) => {
    const answer = await callApi(server, 'POST', path, body);
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await callApi(server, 'PATCH', '/organization', { name: 'Northwind Telemetry' });
  const { roles } = (await callApi(server, 'GET', '/roles?pageSize=100')).body;
  const role = (name) => roles.find((each) => each.name === name).id;
  const token = (name, description, more = {}) => createToken(server, { name, description, ...more });
  await token('legacy-importer', 'Nightly import of the old inventory', { status: 'DISABLED' });
  await token('grafana-dashboards', 'Dashboards of the operations room', { expiration: 'ONE_MONTH' });
  const used = await token('syslog-gateway', 'Registers devices of the branch offices', { roleId: role('API Contributor') });
  await token('oncall-scripts', 'Runbooks of the on-call engineers', { expireTime: new Date(Date.now() + 3 * DAY).toISOString() });
  await token('terraform', 'Plans and applies the fleet', { roleId: role('API Administrator'), expiration: 'ONE_WEEK' });
  const shown = await token('ci-deploy', 'Deploys pipelines from the main branch', { roleId: role('API Contributor'), expiration: 'ONE_MONTH' });
  for (const value of [used, shown])
    await callApi(server, 'GET', '/authorization/whoami', undefined, { authorization: `Bearer ${value.token}` });
  const { id: director } = await created('/directors', { name: 'director-west' });
  for (const [name, description] of [['edge-fw-01', 'Firewall of the head office'], ['edge-fw-02', 'Firewall of the branch in Lyon']])
    await created('/devices', { name, description, labels: { site: 'west' }, syslog: { port: 6514 }, directorIds: [director] });
  const operators = await created('/roles', { name: 'Device operators', description: 'Look after devices and what they send',
    permissions: ['devices.read', 'devices.create', 'devices.edit', 'targets.read', 'pipelines.read', 'datasets.read'] });
  await created('/users', { name: 'Grace Doe', email: 'grace@northwind.example', roleId: operators.id, password: 'a long one for a picture' });
  return { shown, operators };
}

async function openEmpty(page) {
  await page.goto(`${originOf(server)}/console/resources/targets`);
  await page.getByText('No targets yet').waitFor();
}

// Every page in turn, each with its name.
async function* pages(page, { shown, operators }, view) {
  const go = (path) => page.goto(`${originOf(server)}${path}`);
  await page.getByRole('button', { name: 'ci-deploy', exact: true }).waitFor();
  yield 'table';
  await page.getByRole('button', { name: 'ci-deploy', exact: true }).click();
  await page.getByRole('link', { name: 'Manage API token' }).waitFor();
  yield 'drawer';
  await go(`${TOKENS}/${shown.id}`);
  await page.getByRole('cell', { name: 'CreatedApiToken' }).waitFor();
  yield 'details';
  await go(`${TOKENS}/new`);
  await page.getByLabel('Token name').fill(`release-bot-${view}`);
  await page.getByLabel('Description').fill('Publishes releases');
  yield 'create-1';
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel('Set expiration').check();
  await page.getByLabel('Assign role').fill('api contributor');
  await page.getByRole('option', { name: /^API Contributor/ }).click();
  await page.getByRole('listbox').waitFor({ state: 'detached' });
  yield 'create-2';
  await page.getByRole('button', { name: 'Next' }).click();
  await page.locator('dl.review').waitFor();
  yield 'create-3';
  await page.getByRole('button', { name: 'Create API token' }).click();
  await page.getByRole('button', { name: 'Show token' }).waitFor();
  yield 'create-4';
  page.once('dialog', (dialog) => dialog.accept());
  await go(`/console/organization/settings/roles/${operators.id}`);
  await page.getByRole('table', { name: 'Permissions' }).waitFor();
  yield 'roles';
  await go('/console/resources/devices/new');
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('edge-fw-03');
  await page.getByRole('radio', { name: 'Syslog', exact: true }).check();
  await page.getByRole('button', { name: 'Next', exact: true }).click();
  await page.getByRole('heading', { name: 'Review' }).waitFor();
  await page.getByRole('button', { name: 'API Preview', exact: true }).click();
  await page.locator('.code .hljs-string').filter({ visible: true }).first().waitFor();
  yield 'preview';
  page.once('dialog', (dialog) => dialog.accept());
  await openEmpty(page);
  yield 'empty';
  await page.route('**/api/v1/targets?*', (route) => route.fulfill({ status: 503, headers: { 'retry-after': '12' },
    contentType: 'application/problem+json', json: { status: 503, detail: 'The server is shutting down; reconnect and resume.' } }));
  await page.reload();
  await page.getByText(/next try is in/).waitFor();
  yield 'error';
}

mkdirSync(folder, { recursive: true });
const shown = await fill();
for (const [view, options] of Object.entries(VIEWS)) {
  const take = async (page, name) => {
    await page.mouse.move(0, 0);
    await page.evaluate(() => document.fonts.ready);
    await page.waitForTimeout(400);
    writeFileSync(join(folder, `${name}-${view}.webp`), await toWebp(await page.screenshot()));
  };
  const signedOut = await openPage(browser, originOf(server), '/console/', { reducedMotion: 'reduce', ...options });
  await signedOut.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await take(signedOut.page, 'sign-in');
  await signedOut.context.close();
  const { page, context } = await openConsole(browser, server, '/console/', { reducedMotion: 'reduce', ...options });
  for await (const name of pages(page, shown, view)) await take(page, name);
  await context.close();
}
await browser.close();
await server.stop();
