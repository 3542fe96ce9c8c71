// The official Ollama client.
import { Ollama } from "ollama";
import assert from "node:assert/strict";
import { url, model, key, first, plain, question, parameters, weather, checkCalls, checkLast, checkUsage, run } from "./turn.mjs";

const client = new Ollama({ host: url, headers: { Authorization: `Bearer ${key}` } });
const tools = [{ type: "function", function: { name: "get_weather", description: "The weather", parameters } }];

async function streamed(params) {
  const message = { role: "assistant", content: "", thinking: "", tool_calls: [] };
  let last;
  for await (const part of await client.chat({ ...params, stream: true })) {
    message.content += part.message.content;
    message.thinking += part.message.thinking ?? "";
    message.tool_calls.push(...(part.message.tool_calls ?? []));
    last = part;
  }
  assert.equal(last.done, true);
  return { ...last, message };
}

async function turn(ask) {
  const messages = [{ role: "system", content: "Be brief." }, { role: "user", content: question }];
  let r = await ask({ model, messages, tools });
  assert.equal(r.message.content, first);
  checkCalls(r.message.tool_calls.map((c) => ({ name: c.function.name, args: c.function.arguments })));
  checkUsage(r.prompt_eval_count, r.eval_count);
  messages.push(r.message);
  for (const c of r.message.tool_calls) messages.push({ role: "tool", tool_name: c.function.name, content: weather(c.function.arguments) });
  r = await ask({ model, messages, tools });
  assert.equal(r.done_reason, "stop");
  checkLast(r.message.content);
}

await run({
  plain: async () => assert.equal((await client.chat({ model, messages: [{ role: "user", content: "Hi" }] })).message.content, plain),
  generate: async () => assert.equal((await client.generate({ model, prompt: "Hi" })).response, plain),
  tools: () => turn((p) => client.chat(p)),
  stream: () => turn(streamed),
  schema: async () => {
    const r = await client.chat({ model, messages: [{ role: "user", content: "As JSON" }], format: { type: "object",
      properties: { city: { type: "string" }, temperature: { type: "number" } }, required: ["city", "temperature"] } });
    assert.deepEqual(JSON.parse(r.message.content), { city: "Paris", temperature: 21 });
  },
  models: async () => {
    assert.ok((await client.list()).models.some((m) => m.name === `${model}:latest`)); // as Ollama itself lists names without a tag
    assert.ok((await client.show({ model })).capabilities.includes("tools"));
  },
  errors: () => assert.rejects(client.chat({ model: "no-such-model", messages: [{ role: "user", content: "Hi" }] }), (e) => e.status_code === 404),
});
