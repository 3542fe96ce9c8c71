// The official Google Gen AI SDK.
import { GoogleGenAI, FunctionCallingConfigMode } from "@google/genai";
import assert from "node:assert/strict";
import { url, model, key, first, plain, question, parameters, weather, checkCalls, checkLast, checkUsage, run } from "./turn.mjs";

const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } });
const tools = [{ functionDeclarations: [{ name: "get_weather", description: "The weather", parametersJsonSchema: parameters }] }];

// streamed puts the parts of a stream together as a caller would.
async function streamed(params) {
  const parts = [];
  let usage, finish;
  for await (const chunk of await client.models.generateContentStream(params)) {
    const c = chunk.candidates?.[0];
    parts.push(...(c?.content?.parts ?? []));
    finish = c?.finishReason ?? finish;
    usage = chunk.usageMetadata ?? usage;
  }
  return { candidates: [{ content: { role: "model", parts }, finishReason: finish }], usageMetadata: usage };
}

const said = (r) => r.candidates[0].content.parts.filter((p) => p.text && !p.thought).map((p) => p.text).join("");

async function turn(ask) {
  const contents = [{ role: "user", parts: [{ text: question }] }];
  const config = { systemInstruction: "Be brief.", tools, thinkingConfig: { includeThoughts: true },
    toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.AUTO } } };
  let r = await ask({ model, contents, config });
  assert.equal(said(r), first);
  const calls = r.candidates[0].content.parts.filter((p) => p.functionCall).map((p) => p.functionCall);
  checkCalls(calls);
  const u = r.usageMetadata;
  checkUsage(u.promptTokenCount, u.candidatesTokenCount + (u.thoughtsTokenCount ?? 0), u.cachedContentTokenCount);
  contents.push(r.candidates[0].content);
  contents.push({ role: "user", parts: calls.map((c) => ({ functionResponse: { id: c.id, name: c.name, response: { output: weather(c.args) } } })) });
  r = await ask({ model, contents, config });
  assert.equal(r.candidates[0].finishReason, "STOP");
  checkLast(said(r));
}

await run({
  plain: async () => assert.equal((await client.models.generateContent({ model, contents: "Hi" })).text, plain),
  tools: () => turn((p) => client.models.generateContent(p)),
  stream: () => turn(streamed),
  schema: async () => {
    const r = await client.models.generateContent({ model, contents: "As JSON", config: { responseMimeType: "application/json",
      responseJsonSchema: { type: "object", properties: { city: { type: "string" }, temperature: { type: "number" } }, required: ["city", "temperature"] } } });
    assert.deepEqual(JSON.parse(r.text), { city: "Paris", temperature: 21 });
  },
  count: async () => assert.ok((await client.models.countTokens({ model, contents: "Hello there" })).totalTokens > 0),
  models: async () => {
    const names = [];
    for await (const m of await client.models.list()) names.push(m.name);
    assert.ok(names.includes(`models/${model}`), names.join());
  },
  errors: () => assert.rejects(client.models.generateContent({ model: "no-such-model", contents: "Hi" }), (e) => e.status === 404),
});
