// Names of the contract as words of a page: `maxMessageSize` is "Max message size", `vault-secrets` "Vault secrets".

const CAPITALS = new Set(['api', 'arn', 'aws', 'cidr', 'cpu', 'cron', 'csv', 'dns', 'hmac', 'http', 'https', 'id', 'ids',
  'ip', 'json', 'kms', 'mtls', 's3', 'sasl', 'sql', 'ssl', 'tcp', 'tls', 'udp', 'uri', 'url', 'uuid', 'xml', 'xpath',
  'yaml']);

/** Names of products, which the contract writes as one word. */
const PRODUCTS: { readonly [name: string]: string } = {
  awss3: 'Amazon S3', azblob: 'Azure Blob', azdx: 'Azure Data Explorer', azurevault: 'Azure Key Vault',
  cloudflarer2: 'Cloudflare R2', cyberark: 'CyberArk', elastic: 'Elasticsearch', estreamer: 'eStreamer',
  eventhubs: 'Event Hubs', hashicorpvault: 'HashiCorp Vault', ibmcos: 'IBM COS', minio: 'MinIO',
  sentineldatalake: 'Sentinel data lake',
};

function words(name: string): string[] {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[\s_-]+/).filter((word) => word !== '').map((word) => word.toLowerCase());
}

function spell(word: string): string {
  if (word === 'ids') return 'IDs';
  return CAPITALS.has(word) && word !== 'cron' ? word.toUpperCase() : word;
}

/** "Max message size" of `maxMessageSize`. */
export function sentence(name: string): string {
  const product = PRODUCTS[name.toLowerCase()];
  if (product !== undefined) return product;
  const text = words(name).map(spell).join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "vault secret" of `VaultSecret`: in the middle of a sentence. */
export function lower(name: string): string {
  return words(name).map(spell).join(' ');
}

/** "Enabled" of `ENABLED`, "Not configured" of `NOT_CONFIGURED`; short codes such as "TCP" stay as they are. */
export function enumWord(value: string): string {
  return value.length <= 3 ? value : sentence(value);
}

/** "a device", "an advanced route". */
export function withArticle(noun: string): string {
  return (/^[aeio]/i.test(noun) ? 'an ' : 'a ') + noun;
}

/** The text of a description on one line, as the contract's comments wrap it. */
export function oneLine(text: string | undefined): string {
  return (text ?? '').replace(/\s*\n\s*/g, ' ').trim();
}
