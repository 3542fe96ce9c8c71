// The official Anthropic SDK.
import Anthropic from "@anthropic-ai/sdk";
import assert from "node:assert/strict";
import { url, model, key, first, plain, question, parameters, weather, checkCalls, checkLast, checkUsage, run } from "./turn.mjs";

const client = new Anthropic({ baseURL: url, apiKey: key, authToken: null, maxRetries: 0 });
const tools = [{ name: "get_weather", description: "The weather", input_schema: parameters, cache_control: { type: "ephemeral" } }];

async function turn(ask, more = {}) {
  const messages = [{ role: "user", content: [{ type: "text", text: question, cache_control: { type: "ephemeral" } }] }];
  const params = { model, max_tokens: 4000, system: "Be brief.", messages, tools, ...more };
  let m = await ask(params);
  assert.equal(m.stop_reason, "tool_use");
  assert.equal(m.content.filter((b) => b.type === "text").map((b) => b.text).join(""), first);
  const calls = m.content.filter((b) => b.type === "tool_use");
  checkCalls(calls.map((c) => ({ name: c.name, args: c.input })));
  checkUsage(m.usage.input_tokens + (m.usage.cache_read_input_tokens ?? 0) + (m.usage.cache_creation_input_tokens ?? 0),
    m.usage.output_tokens, m.usage.cache_read_input_tokens ?? 0);
  messages.push({ role: "assistant", content: m.content });
  messages.push({ role: "user", content: calls.map((c) => ({ type: "tool_result", tool_use_id: c.id, content: [{ type: "text", text: weather(c.input) }] })) });
  m = await ask(params);
  assert.equal(m.stop_reason, "end_turn");
  checkLast(m.content.filter((b) => b.type === "text").map((b) => b.text).join(""));
}

const thinking = { thinking: { type: "enabled", budget_tokens: 1024 } };
const streamed = (p) => client.messages.stream(p).finalMessage();

await run({
  plain: async () => {
    const m = await client.messages.create({ model, max_tokens: 100, messages: [{ role: "user", content: "Hi" }] });
    assert.equal(m.content.at(-1).text, plain);
  },
  tools: () => turn((p) => client.messages.create(p)),
  stream: () => turn(streamed),
  thinking: () => turn(streamed, thinking),
  "thinking, whole": () => turn((p) => client.messages.create(p), thinking),
  count: async () => assert.ok((await client.messages.countTokens({ model, messages: [{ role: "user", content: "Hello there" }] })).input_tokens > 0),
  models: async () => {
    const names = [];
    for await (const m of client.models.list()) names.push(m.id);
    assert.ok(names.includes(model));
  },
  errors: async () => {
    await assert.rejects(client.messages.create({ model: "no-such-model", max_tokens: 9, messages: [{ role: "user", content: "Hi" }] }), Anthropic.NotFoundError);
    await assert.rejects(new Anthropic({ baseURL: url, apiKey: "wrong", maxRetries: 0 }).models.list(), Anthropic.AuthenticationError);
  },
});
