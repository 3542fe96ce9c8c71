// The official OpenAI SDK on Responses.
import OpenAI from "openai";
import assert from "node:assert/strict";
import { url, model, key, first, plain, question, parameters, weather, checkCalls, checkLast, checkUsage, run } from "./turn.mjs";

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const tools = [{ type: "function", name: "get_weather", description: "The weather", parameters, strict: true }];
const noteTool = { type: "custom", name: "note", description: "Notes a text", format: { type: "text" } };

async function turn(ask, tools) {
  const input = [{ role: "developer", content: "Be brief." }, { role: "user", content: [{ type: "input_text", text: question }] }];
  const params = { model, input, tools, store: false, include: ["reasoning.encrypted_content"], reasoning: { effort: "medium", summary: "auto" } };
  let r = await ask(params);
  assert.equal(r.status, "completed");
  assert.equal(r.output_text, first);
  const calls = r.output.filter((i) => i.type === "function_call");
  checkCalls(calls.map((c) => ({ name: c.name, args: JSON.parse(c.arguments) })));
  checkUsage(r.usage.input_tokens, r.usage.output_tokens, r.usage.input_tokens_details.cached_tokens);
  input.push(...r.output);
  for (const c of calls) input.push({ type: "function_call_output", call_id: c.call_id, output: weather(JSON.parse(c.arguments)) });
  const notes = r.output.filter((i) => i.type === "custom_tool_call");
  assert.deepEqual(notes.map((c) => c.name), tools.filter((t) => t.type === "custom").map((t) => t.name));
  for (const c of notes) {
    assert.equal(c.input, 'line 1\nline "2"');
    input.push({ type: "custom_tool_call_output", call_id: c.call_id, output: "noted" });
  }
  r = await ask(params);
  checkLast(r.output_text);
  return r;
}

// streamed reads a stream event by event and checks the order in which they come.
async function streamed(params) {
  let last, n = 0;
  const seen = new Set();
  for await (const e of await client.responses.create({ ...params, stream: true })) {
    assert.equal(e.sequence_number, n++);
    seen.add(e.type);
    last = e;
  }
  assert.equal(last.type, "response.completed");
  for (const t of ["response.created", "response.output_item.added", "response.output_text.delta", "response.output_item.done"])
    assert.ok(seen.has(t), `no ${t}`);
  const text = last.response.output.filter((i) => i.type === "message").flatMap((i) => i.content).map((c) => c.text).join("");
  return { ...last.response, output_text: text };
}

// remembered goes on from what the gateway keeps, by the answer's id alone, and asks it what it keeps.
async function remembered(ask) {
  const params = { model, tools, instructions: "Be brief.", reasoning: { effort: "medium", summary: "auto" } };
  const r = await ask({ ...params, input: question });
  assert.equal(r.store, true);
  const calls = r.output.filter((i) => i.type === "function_call");
  checkCalls(calls.map((c) => ({ name: c.name, args: JSON.parse(c.arguments) })));
  const input = calls.map((c) => ({ type: "function_call_output", call_id: c.call_id, output: weather(JSON.parse(c.arguments)) }));
  const end = await ask({ ...params, input, previous_response_id: r.id });
  checkLast(end.output_text);
  assert.equal(end.previous_response_id, r.id);
  assert.equal((await client.responses.retrieve(end.id)).output_text, end.output_text);
  const listed = [];
  for await (const item of client.responses.inputItems.list(end.id, { order: "asc", limit: 2 })) listed.push(item);
  assert.equal(listed.length, 1 + r.output.length + input.length);
  assert.equal(listed[0].content[0].text, question);
  await client.responses.delete(r.id);
  await assert.rejects(client.responses.retrieve(r.id), OpenAI.NotFoundError);
}

const memory = process.env.RETORT_MEMORY !== "no" && {
  memory: () => remembered((p) => client.responses.create(p)),
  "memory streamed": () => remembered((p) => client.responses.stream(p).finalResponse()),
};

await run({
  plain: async () => assert.equal((await client.responses.create({ model, input: "Hi" })).output_text, plain),
  tools: () => turn((p) => client.responses.create(p), tools),
  stream: () => turn((p) => client.responses.stream(p).finalResponse(), tools),
  events: () => turn(streamed, tools),
  custom: () => turn((p) => client.responses.stream(p).finalResponse(), [...tools, noteTool]),
  schema: async () => {
    const r = await client.responses.parse({ model, input: "As JSON", text: { format: { type: "json_schema", name: "w", strict: true,
      schema: { type: "object", properties: { city: { type: "string" }, temperature: { type: "number" } },
        required: ["city", "temperature"], additionalProperties: false } } } });
    assert.deepEqual(r.output_parsed, { city: "Paris", temperature: 21 });
  },
  ...memory,
  errors: () => assert.rejects(client.responses.create({ model: "no-such-model", input: "Hi" }), OpenAI.NotFoundError),
});
