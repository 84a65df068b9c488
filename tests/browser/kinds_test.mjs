// Every kind of resource in the console, against the real server: created by its form, previewed, edited against a
// concurrent change, deleted, and created again by the copied command. The kinds are those of the server's document.
import assert from 'node:assert';
import { execFile } from 'node:child_process';
import test, { after, before } from 'node:test';
import { promisify } from 'node:util';
import { kindsOf } from '../../rest/console/src/forms/model.ts';
import { FORMS, text } from './kinds.mjs';
import { openSignedIn, startConsole } from './signed_in.mjs';

const run = promisify(execFile);
let console_, kinds;
before(async () => {
  console_ = await startConsole();
  kinds = kindsOf(await (await fetch(`${console_.origin}/api/v1/swagger/openapi.json`)).json());
});
after(() => console_?.stop());

const NAMES = ['directors', 'clusters', 'devices', 'agent-enrollment-templates', 'targets', 'datasets', 'profiles',
  'advanced-routes', 'pipelines', 'vault-secrets', 'vault-providers'];
const OWN = ['id', 'createTime', 'updateTime', 'createdBy', 'etag', 'secretsSet', 'apiKey', 'maskedApiKey', 'enrollmentToken',
  'maskedEnrollmentToken'];
const essence = (object) => Object.fromEntries(Object.entries(object).filter(([name]) => !OWN.includes(name)));
const button = (page, name) => page.getByRole('button', { name, exact: true });

// Opens the drawer, compares both commands with what the RPC says, and copies the Bash one.
async function readPreview(page) {
  const answered = page.waitForResponse((response) => response.url().endsWith('/api/v1/api-preview'));
  await button(page, 'API Preview').click();
  const preview = await (await answered).json();
  const drawer = page.getByRole('dialog', { name: 'API Preview' });
  const command = drawer.getByLabel('Command').filter({ visible: true });
  assert.strictEqual(await drawer.getByRole('tab').first().textContent(), 'PowerShell');
  assert.strictEqual(await command.textContent(), preview.powershell);
  await drawer.getByRole('tab', { name: 'Bash' }).click();
  await drawer.locator('.code .hljs-string').filter({ visible: true }).first().waitFor();
  assert.strictEqual(await command.textContent(), preview.bash);
  assert.match(await drawer.innerText(), new RegExp(`${preview.method}\\s+${preview.path}`));
  await button(drawer, 'Copy').filter({ visible: true }).click();
  await button(drawer, 'Copied').filter({ visible: true }).waitFor();
  assert.strictEqual(await page.evaluate(() => navigator.clipboard.readText()), preview.bash);
  const docs = await drawer.getByRole('link', { name: 'View API docs' }).getAttribute('href');
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  return { ...preview, docs };
}

async function create(page, kind, name, form) {
  await text(page, 'Name').fill(name);
  await form.fill?.(page);
  await button(page, 'Next').click();
  await page.getByRole('heading', { name: 'Review' }).waitFor();
  const preview = await readPreview(page);
  await button(page, `Create ${kind.noun}`).click();
  // A value that is shown once is saved before the details.
  await page.getByRole('heading', { name }).or(button(page, 'Done')).waitFor();
  if (await button(page, 'Done').isVisible()) await button(page, 'Done').click();
  await page.getByRole('heading', { name, level: 1 }).waitFor();
  return preview;
}

// Edits while somebody else does: both versions are shown, and the reader's is kept.
async function editInConflict(page, kind, name, path) {
  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  await text(page, 'Description').fill('mine');
  await console_.call('PATCH', path, { description: 'theirs' });
  await button(page, 'Save changes').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('cell', { name: 'mine' }).waitFor();
  await dialog.getByRole('cell', { name: 'theirs' }).waitFor();
  await button(dialog, 'Keep mine').click();
  await page.getByRole('heading', { name, level: 1 }).waitFor();
  assert.strictEqual((await console_.call('GET', path)).description, 'mine');
}

async function remove(page, kind, path) {
  await button(page, 'Delete').click();
  await button(page.getByRole('dialog'), `Delete ${kind.noun}`).click();
  await page.getByRole('heading', { name: kind.title, level: 1 }).waitFor();
  await console_.call('GET', path, undefined, { status: 404 });
}

async function runCommand(bash, secret) {
  const command = bash.replaceAll('REPLACE_ME', secret ?? 'REPLACE_ME');
  const { stdout } = await run('bash', ['-c', command],
    { env: { ...process.env, BASE_URL: `${console_.origin}/api/v1`, API_TOKEN: console_.server.token } });
  return JSON.parse(stdout);
}

for (const kindName of NAMES)
  test(`kind-${kindName}: create, preview, edit, conflict, delete`, async () => {
    const kind = kinds.find(({ name }) => name === kindName);
    const form = FORMS[kindName] ?? {};
    await form.prepare?.(console_.call);
    const { page, context, notes } = await openSignedIn(console_, `/resources/${kindName}/new`, { expected: [412] });
    const name = `console-${kindName}`.slice(0, 40);
    const preview = await create(page, kind, name, form);
    assert.strictEqual(preview.docs, `/api/v1/swagger/index.html#/${kind.create.tag}/${kind.create.id}`);
    const id = page.url().split('/').at(-1);
    const path = `${kind.path.slice('/api/v1'.length)}/${id}`;
    const first = await console_.call('GET', path);
    for (const [field, value] of Object.entries(form.holds ?? {}))
      assert.partialDeepStrictEqual(first[field], value);
    await editInConflict(page, kind, name, path);
    await remove(page, kind, path);
    const again = await runCommand(preview.bash, form.secret);
    assert.deepStrictEqual(essence(again), essence(first));
    assert.deepStrictEqual(Object.keys(again.secretsSet ?? {}), Object.keys(first.secretsSet ?? {}));
    assert.deepStrictEqual(notes, []);
    await context.close();
  });

test('every kind of the document is tested', () => {
  assert.deepStrictEqual(kinds.map(({ name }) => name).sort(), [...NAMES].sort());
});
