// The Vercel AI SDK over the provider package that RETORT_DIALECT names.
import { generateObject, generateText, stepCountIs, streamText, tool, jsonSchema } from "ai";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import assert from "node:assert/strict";
import { url, model, key, plain, question, parameters, weather, checkCalls, checkLast, run } from "./turn.mjs";

const speak = {
  chat: () => createOpenAI({ baseURL: `${url}/v1`, apiKey: key }).chat(model),
  responses: () => createOpenAI({ baseURL: `${url}/v1`, apiKey: key }).responses(model),
  compatible: () => createOpenAICompatible({ name: "retort", baseURL: `${url}/v1`, apiKey: key, includeUsage: true })(model),
  anthropic: () => createAnthropic({ baseURL: `${url}/v1`, apiKey: key })(model),
  google: () => createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey: key })(model),
}[process.argv[2]]();

const tools = { get_weather: tool({ description: "The weather", inputSchema: jsonSchema(parameters), execute: async (args) => weather(args) }) };
const ask = { model: speak, system: "Be brief.", prompt: question, tools, stopWhen: stepCountIs(3), maxRetries: 0 };

function check(steps, text) {
  checkCalls(steps[0].toolCalls.map((c) => ({ name: c.toolName, args: c.input })));
  assert.equal(steps.length, 2);
  checkLast(text);
}

await run({
  plain: async () => assert.equal((await generateText({ model: speak, prompt: "Hi", maxRetries: 0 })).text, plain),
  tools: async () => {
    const r = await generateText(ask);
    check(r.steps, r.text);
  },
  stream: async () => {
    const r = streamText({ ...ask, onError: ({ error }) => { throw error; } });
    let text = "";
    for await (const s of r.textStream) text += s;
    check(await r.steps, await r.text);
    assert.ok(text.endsWith(await r.text));
    assert.equal((await r.totalUsage).outputTokens, 100);
  },
  schema: async () => {
    const r = await generateObject({ model: speak, prompt: "As JSON", maxRetries: 0, schema: jsonSchema({ type: "object",
      properties: { city: { type: "string" }, temperature: { type: "number" } }, required: ["city", "temperature"], additionalProperties: false }) });
    assert.deepEqual(r.object, { city: "Paris", temperature: 21 });
  },
});
