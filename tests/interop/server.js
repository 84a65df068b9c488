// A datastreamd of the test's own, on a fresh store: DATASTREAMD names the program.
'use strict';

const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

async function startServer(...flags) {
  const program = process.env.DATASTREAMD;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'datastream-interop-'));
  const data = path.join(folder, 'data');
  const made = execFileSync(program, ['init', '--data-dir', data, '--organization', 'Interop',
    '--owner-email', 'owner@interop.example'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const log = fs.openSync(path.join(folder, 'log'), 'a');
  const child = spawn(program, ['serve', '--data-dir', data, '--listen', '127.0.0.1:0', ...flags],
    { stdio: ['ignore', 'pipe', log] });
  const ended = new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? signal));
  });
  const logged = () => fs.readFileSync(path.join(folder, 'log'), 'utf8').slice(-4000);
  const lines = readline.createInterface({ input: child.stdout });
  const ready = await Promise.race([
    new Promise((resolve) => lines.once('line', resolve)),
    ended.then((code) => { throw new Error(`the server ended with ${code}: ${logged()}`); }),
  ]);
  const found = /^ready\b.*http:\/\/(127\.0\.0\.1:\d+)/.exec(ready);
  if (!found) throw new Error(`not the ready line: ${ready}`);

  // Ends the server by SIGTERM; its exit code must be 0.
  async function stop() {
    const timer = setTimeout(() => child.kill('SIGKILL'), 60000);
    child.kill('SIGTERM');
    const code = await ended;
    clearTimeout(timer);
    const text = logged();
    fs.closeSync(log);
    fs.rmSync(folder, { recursive: true });
    if (code !== 0) throw new Error(`the server ended with ${code}: ${text}`);
  }

  const { apiToken, ownerEmail, ownerPassword } = JSON.parse(made);
  return { address: found[1], token: apiToken, owner: { email: ownerEmail, password: ownerPassword }, stop };
}

module.exports = { startServer };
