// Drives the official TypeScript client (second generation), unmodified, through one server.
//
// usage: typescript_client.mjs URL MODE CALLS
//   MODE   default, auto, or modern (pinned to 2026-07-28)
//   CALLS  JSON: [{"tool": name, "arguments": {...}}, ...]

import { peer, walk } from './walk.mjs';

const { Client, StreamableHTTPClientTransport } = peer('@modelcontextprotocol/client');

const [url, mode, calls] = process.argv.slice(2);
const options = {
  default: {},
  auto: { versionNegotiation: { mode: 'auto' } },
  modern: { versionNegotiation: { mode: { pin: '2026-07-28' } } },
}[mode];
if (options === undefined) throw new Error(`unknown mode ${mode}`);

const client = new Client({ name: 'permalloy-peer', version: '1.0.0' }, options);
await walk(client, new StreamableHTTPClientTransport(new URL(url)), JSON.parse(calls));
