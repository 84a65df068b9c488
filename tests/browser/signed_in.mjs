// A browser's context that is signed in, and calls of the API with the store's first token.
import assert from 'node:assert';
import { launch, startServer } from './pages.mjs';

const ROLES = ['Admin', 'User'];
const emailOf = (role) => `${role.toLowerCase()}@interop.example`;
const PASSWORD = 'a long enough password';

export async function startConsole() {
  const server = await startServer();
  const origin = `http://${server.address}`;

  // A call with the token; the data of the answer, which must have the status.
  async function call(method, path, body, { status = method === 'POST' ? [200, 201] : [200], headers = {} } = {}) {
    const answer = await fetch(`${origin}/api/v1${path}`, {
      method, body: body === undefined ? undefined : JSON.stringify(body),
      headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json', ...headers },
    });
    const text = await answer.text();
    assert.ok([status].flat().includes(answer.status), `${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? {} : JSON.parse(text);
  }

  const { roles } = await call('GET', '/roles');
  for (const role of ROLES)
    await call('POST', '/users', { name: role, email: emailOf(role), password: PASSWORD,
      roleId: roles.find(({ name }) => name === role).id });
  const browser = await launch();
  return {
    server, origin, call, browser,
    stop: async () => { await browser.close(); await server.stop(); },
  };
}

// Signs a user of the role in; the cookie counts for every page of the context.
export async function signIn(context, { origin }, role = 'Admin') {
  const answer = await context.request.post(`${origin}/api/v1/session`,
    { headers: { origin }, data: { email: emailOf(role), password: PASSWORD } });
  assert.ok(answer.ok(), `sign-in: ${answer.status()} ${await answer.text()}`);
}

// A signed-in page whose violations of the policy, console errors and foreign requests are noted. The browser logs each
// answer beyond 399 as an error of its own: those that a test expects it names by their status.
export async function openSignedIn(console, path, { expected = [], role, ...options } = {}) {
  const context = await console.browser.newContext({
    viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'], ...options,
  });
  context.setDefaultTimeout(20000);
  await signIn(context, console, role);
  const page = await context.newPage();
  const notes = [];
  page.on('console', (message) => {
    const text = message.text();
    if (['error', 'warning'].includes(message.type()) && !expected.some((status) => text.includes(`status of ${status}`)))
      notes.push(`${text} ${message.location().url}`.trim());
  });
  page.on('pageerror', (error) => notes.push(error.message));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== console.origin) notes.push(`asked ${url.href}`);
  });
  await page.goto(`${console.origin}/console${path}`);
  return { page, context, notes };
}
