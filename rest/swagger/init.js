// Starts Swagger UI on this server's own document. The token is kept in memory alone, and the snippets print
// `$API_TOKEN` and `$BASE_URL` in its place.
'use strict';

(() => {
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const applyTheme = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
  applyTheme();
  dark.addEventListener('change', applyTheme);

  const BASE = '/api/v1';

  // What either shell could misread, and all that is not ASCII, as JSON escapes.
  const escaped = (text) => text.replace(/['\u2018\u2019\u201a\u201b`$%\u007f-\uffff]/g,
    (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));

  const printedBody = (request) => {
    const body = request.get('body');
    if (body === undefined || body === null || body === '') return null;
    try {
      return escaped(JSON.stringify(JSON.parse(String(body)), null, 2));
    } catch {
      return null;
    }
  };

  const parts = (request) => {
    const url = new URL(request.get('url'), window.location.origin);
    const path = url.pathname.startsWith(BASE + '/') ? '$BASE_URL' + url.pathname.slice(BASE.length) : url.pathname;
    return {
      method: request.get('method').toUpperCase(),
      url: path + url.search.replace(/["$`\\]/g, (c) => '%' + c.charCodeAt(0).toString(16)),
      body: printedBody(request),
    };
  };

  const bash = (request) => {
    const { method, url, body } = parts(request);
    const lines = [`curl -X ${method} "${url}"`, '  -H "Authorization: Bearer $API_TOKEN"'];
    if (body !== null) lines.push('  -H "Content-Type: application/json"', `  -d '${body}'`);
    return lines.join(' \\\n');
  };

  const powershell = (request) => {
    const { method, url, body } = parts(request);
    const head = '$headers = @{\n  "Authorization" = "Bearer $API_TOKEN"\n}\n';
    const lines = [`Invoke-RestMethod -Method ${method} -Uri "${url}"`, '  -Headers $headers'];
    if (body === null) return head + lines.join(' `\n');
    lines.push('  -ContentType "application/json"', '  -Body $body');
    return `${head}$body = @'\n${body}\n'@\n${lines.join(' `\n')}`;
  };

  window.ui = SwaggerUIBundle({
    url: 'openapi-3.0.json',
    dom_id: '#swagger-ui',
    layout: 'BaseLayout',
    deepLinking: true,
    docExpansion: 'none',
    filter: true,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    persistAuthorization: false,
    validatorUrl: null,
    queryConfigEnabled: false,
    requestSnippetsEnabled: true,
    requestSnippets: {
      defaultExpanded: true,
      languages: ['ds_bash', 'ds_powershell'],
      generators: {
        ds_bash: { title: 'Bash', syntax: 'bash' },
        ds_powershell: { title: 'PowerShell', syntax: 'powershell' },
      },
    },
    presets: [SwaggerUIBundle.presets.apis],
    requestInterceptor: (request) => Object.assign(request, { credentials: 'omit' }),
    plugins: [{ fn: { requestSnippetGenerator_ds_bash: bash, requestSnippetGenerator_ds_powershell: powershell } }],
  });
})();
