"""Drives the official Python SDK, unmodified, through one server and prints what it saw as one JSON object.

usage: python_client.py URL MODE CALLS
  MODE   auto, legacy, or a protocol version to pin
  CALLS  JSON: [{"tool": name, "arguments": {...}}, ...]

It judges nothing; the test that starts it does. A refusal by the SDK (a malformed answer, structured
content that breaks the tool's own output schema) ends it with a traceback and a non-zero exit.
"""

import asyncio
import json
import sys

from mcp.client.client import Client
from mcp_types import PromptReference


def plain(model):
    """The wire form of an SDK model."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


async def every_page(fetch, member):
    items, cursor = [], None
    while True:
        page = await fetch(cursor=cursor)
        items.extend(plain(item) for item in getattr(page, member))
        cursor = page.next_cursor
        if cursor is None:
            return items


async def main(url, mode, calls):
    async with Client(url, mode=mode, read_timeout_seconds=60) as client:
        seen = {
            "protocolVersion": client.protocol_version,
            "serverInfo": plain(client.server_info) if client.server_info else None,
            "instructions": client.instructions,
            "tools": await every_page(client.list_tools, "tools"),
            "resources": await every_page(client.list_resources, "resources"),
            "resourceTemplates": await every_page(client.list_resource_templates, "resource_templates"),
            "prompts": await every_page(client.list_prompts, "prompts"),
            "read": plain(await client.read_resource("alloy://connectors/github")),
            "prompt": plain(await client.get_prompt("connect_platform", {"connectorId": "github"})),
            "completion": plain(
                await client.complete(
                    PromptReference(type="ref/prompt", name="connect_platform"),
                    {"name": "connectorId", "value": "git"},
                )
            ),
            "calls": [],
        }
        for call in calls:
            seen["calls"].append(plain(await client.call_tool(call["tool"], call["arguments"])))
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))
