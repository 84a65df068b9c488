// What the tests of web pages share: a server, Debian's Chromium, and pages that note what must not happen.
import { createRequire } from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const require = createRequire(join(process.env.BROWSER_MODULES, 'package.json'));
const { chromium } = require('playwright-core');
export const { startServer } = require(join(import.meta.dirname, '..', 'interop', 'server.js'));

// Chromium without windows, where it is installed: the other opens a window for each context, and that costs more than the
// page that is tested.
const executablePath = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(existsSync);

export const launch = (...flags) => chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', ...flags],
});

// A page of `origin` whose violations of the policy, console errors and foreign requests are noted. The browser logs
// each answer beyond 399 as an error of its own: those that a test expects it names by their status.
export async function openPage(browser, origin, path, { expected = [], ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const notes = [];
  const isExpected = (text) => expected.some((status) => text.includes(`status of ${status}`));
  page.on('console', (message) => {
    // Chromium's own advice to developers is "verbose"; what breaks a policy or fails is not.
    if (message.type() !== 'log' && message.type() !== 'verbose' && !isExpected(message.text()))
      notes.push(`${message.text()} ${message.location().url}`.trim());
  });
  page.on('pageerror', (error) => notes.push(error.message));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== origin) notes.push(`asked ${url.href}`);
  });
  await page.goto(`${origin}${path}`);
  return { page, context, notes };
}

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

// What axe finds on a page: its violations.
export async function axe(page) {
  if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(AXE);
  return (await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }))).violations;
}

// What the page's thread works, in milliseconds; other programs of the machine do not count.
export async function workOf(page) {
  const client = await page.context().newCDPSession(page);
  await client.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await client.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration').value * 1000;
  };
}
