// Drives the official TypeScript SDK of the first generation, unmodified, through one server.
//
// usage: typescript_sdk.mjs URL CALLS
//   CALLS  JSON: [{"tool": name, "arguments": {...}}, ...]

import { peer, walk } from './walk.mjs';

const { Client } = peer('@modelcontextprotocol/sdk/client/index.js');
const { StreamableHTTPClientTransport } = peer('@modelcontextprotocol/sdk/client/streamableHttp.js');

const [url, calls] = process.argv.slice(2);
const client = new Client({ name: 'permalloy-peer', version: '1.0.0' });
await walk(client, new StreamableHTTPClientTransport(new URL(url)), JSON.parse(calls));
