// Connects an official TypeScript client that wants to be told when the server's prompts change, says
// "connected", and prints the names of the prompts once it was told and has listed them again by itself.
//
// usage: notified.mjs URL MODE
//   MODE   sdk (first generation), default, or modern (pinned to 2026-07-28)

import { peer } from './walk.mjs';

const [url, mode] = process.argv.slice(2);
const modules = {
  sdk: ['@modelcontextprotocol/sdk/client/index.js', '@modelcontextprotocol/sdk/client/streamableHttp.js'],
  default: ['@modelcontextprotocol/client', '@modelcontextprotocol/client'],
  modern: ['@modelcontextprotocol/client', '@modelcontextprotocol/client'],
}[mode];
if (modules === undefined) throw new Error(`unknown mode ${mode}`);
const { Client } = peer(modules[0]);
const { StreamableHTTPClientTransport } = peer(modules[1]);

const options = {
  listChanged: {
    prompts: {
      onChanged: (error, prompts) => {
        if (error) throw error;
        process.stdout.write(JSON.stringify(prompts.map(prompt => prompt.name)), () => process.exit(0));
      },
    },
  },
};
if (mode === 'modern') options.versionNegotiation = { mode: { pin: '2026-07-28' } };

const client = new Client({ name: 'permalloy-peer', version: '1.0.0' }, options);
await client.connect(new StreamableHTTPClientTransport(new URL(url)));
process.stdout.write('connected\n');
