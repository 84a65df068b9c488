// A reader of the console: signs in, and what the tests of its pages share.
import assert from 'node:assert';
import { openPage } from './pages.mjs';

export const TOKENS = '/console/organization/settings/api-tokens';
export const API_READER = '00000000-0000-7000-8000-000000000007';

// Before the sign-in the page asks who is signed in, and is answered with 401.
export const SIGNED_OUT = 401;

export const originOf = (server) => `http://${server.address}`;

export async function fillSignIn(page, owner) {
  await page.getByLabel('E-mail').fill(owner.email);
  await page.getByLabel('Password').fill(owner.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

// The cookies of whoever has signed in, by origin and address: a password costs the server half a second of work.
const sessions = new Map();

// A page at `path`, signed in as the Owner.
export async function openConsole(browser, server, path, { origin = originOf(server), expected = [], ...options } = {}) {
  const key = `${origin} ${server.owner.email}`;
  const opened = await openPage(browser, origin, path,
    { expected: [SIGNED_OUT, ...expected], storageState: sessions.get(key), ...options });
  if (!sessions.has(key)) await fillSignIn(opened.page, server.owner);
  await opened.page.getByRole('button', { name: 'Navigation', exact: true }).waitFor();
  if (!sessions.has(key)) sessions.set(key, await opened.context.storageState());
  return opened;
}

// A request with the token of the organization's administrator.
export async function callApi(server, method, path, body, headers = {}) {
  const answer = await fetch(`${originOf(server)}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

export async function createToken(server, token) {
  const { status, body } = await callApi(server, 'POST', '/api-tokens', { roleId: API_READER, ...token });
  assert.strictEqual(status, 201, JSON.stringify(body));
  return body;
}

export const findToken = async (server, name) =>
  (await callApi(server, 'GET', `/api-tokens?filter=${encodeURIComponent(`name = "${name}"`)}`)).body.apiTokens;

export const rowOf = (page, name) => page.getByRole('row').filter({ has: page.getByRole('button', { name, exact: true }) });

// The pages hold still before they are looked at.
export const settle = (page) => page.evaluate(async () => {
  const ends = document.getAnimations().filter(({ effect }) => effect.getComputedTiming().iterations !== Infinity);
  await Promise.all(ends.map(({ finished }) => finished.catch(() => undefined)));
  await new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); });
});
