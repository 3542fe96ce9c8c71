// The official OpenAI SDK on Chat Completions.
import OpenAI from "openai";
import assert from "node:assert/strict";
import { url, model, key, first, plain, question, parameters, weather, checkCalls, checkLast, checkUsage, run } from "./turn.mjs";

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const tools = [{ type: "function", function: { name: "get_weather", description: "The weather", parameters } }];
const parse = (m) => (m.tool_calls ?? []).map((c) => ({ name: c.function.name, args: JSON.parse(c.function.arguments) }));

async function turn(ask) {
  const messages = [{ role: "system", content: "Be brief." }, { role: "user", content: question }];
  let answer = await ask({ model, messages, tools });
  let m = answer.choices[0].message;
  assert.equal(m.content, first);
  assert.equal(answer.choices[0].finish_reason, "tool_calls");
  checkCalls(parse(m));
  checkUsage(answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.prompt_tokens_details?.cached_tokens);
  messages.push(m);
  for (const c of m.tool_calls) messages.push({ role: "tool", tool_call_id: c.id, content: weather(JSON.parse(c.function.arguments)) });
  answer = await ask({ model, messages, tools });
  assert.equal(answer.choices[0].finish_reason, "stop");
  checkLast(answer.choices[0].message.content);
}

await run({
  plain: async () => {
    const r = await client.chat.completions.create({ model, messages: [{ role: "user", content: "Hi" }] });
    assert.equal(r.choices[0].message.content, plain);
  },
  tools: () => turn((p) => client.chat.completions.create(p)),
  stream: () => turn((p) => client.chat.completions.stream({ ...p, stream_options: { include_usage: true } }).finalChatCompletion()),
  runner: async () => {
    const runner = client.chat.completions.runTools({
      model, stream: true, messages: [{ role: "user", content: question }],
      tools: [{ type: "function", function: { name: "get_weather", parameters, parse: JSON.parse, function: weather } }],
    });
    checkLast(await runner.finalContent());
  },
  schema: async () => {
    const r = await client.chat.completions.parse({
      model, messages: [{ role: "user", content: "As JSON" }],
      response_format: { type: "json_schema", json_schema: { name: "w", strict: true, schema: { type: "object",
        properties: { city: { type: "string", minLength: 1 }, temperature: { type: "number" } },
        required: ["city", "temperature"], additionalProperties: false } } },
    });
    assert.deepEqual(r.choices[0].message.parsed, { city: "Paris", temperature: 21 });
  },
  models: async () => {
    const names = [];
    for await (const m of client.models.list()) names.push(m.id);
    assert.ok(names.includes(model));
    assert.equal((await client.models.retrieve(model)).id, model);
  },
  errors: async () => {
    await assert.rejects(client.chat.completions.create({ model: "no-such-model", messages: [{ role: "user", content: "Hi" }] }), OpenAI.NotFoundError);
    await assert.rejects(new OpenAI({ baseURL: `${url}/v1`, apiKey: "wrong", maxRetries: 0 }).models.list(), OpenAI.AuthenticationError);
  },
});
