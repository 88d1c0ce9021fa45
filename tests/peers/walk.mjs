// The walk that every JavaScript client takes through one server: what it saw, as one JSON object on stdout.
//
// It judges nothing; the test that starts it does. A refusal by the client library (a malformed answer,
// structured content that breaks the tool's own output schema) rejects and ends the process with a
// non-zero exit.

import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Resolves packages in the folder of installed peers, not beside this script. */
export const peer = createRequire(join(process.env.PERMALLOY_TEST_PEERS, 'package.json'));

async function everyPage(fetch, member) {
  const items = [];
  let cursor;
  do {
    const page = await fetch(cursor === undefined ? {} : { cursor });
    items.push(...page[member]);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return items;
}

export async function walk(client, transport, calls) {
  await client.connect(transport);
  const seen = {
    protocolVersion: client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion,
    serverInfo: client.getServerVersion(),
    instructions: client.getInstructions(),
    tools: await everyPage(page => client.listTools(page), 'tools'),
    resources: await everyPage(page => client.listResources(page), 'resources'),
    resourceTemplates: await everyPage(page => client.listResourceTemplates(page), 'resourceTemplates'),
    prompts: await everyPage(page => client.listPrompts(page), 'prompts'),
    read: await client.readResource({ uri: 'alloy://connectors/github' }),
    prompt: await client.getPrompt({ name: 'connect_platform', arguments: { connectorId: 'github' } }),
    completion: await client.complete({
      ref: { type: 'ref/prompt', name: 'connect_platform' },
      argument: { name: 'connectorId', value: 'git' },
    }),
    calls: [],
  };
  for (const call of calls) {
    seen.calls.push(await client.callTool({ name: call.tool, arguments: call.arguments }));
  }
  await client.close();
  process.stdout.write(JSON.stringify(seen));
}
