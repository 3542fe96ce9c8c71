// LangChain's OpenAI integration, on Chat Completions or, with the argument "responses", on Responses.
import { ChatOpenAI } from "@langchain/openai";
import { HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { url, model, key, plain, question, parameters, weather, checkCalls, checkLast, run } from "./turn.mjs";
import assert from "node:assert/strict";

const chat = new ChatOpenAI({ model, apiKey: key, configuration: { baseURL: `${url}/v1` }, maxRetries: 0, streamUsage: true,
  useResponsesApi: process.argv[2] === "responses" });
const tools = [{ type: "function", function: { name: "get_weather", description: "The weather", parameters } }];
const bound = chat.bindTools(tools);

async function streamed(messages) {
  let all;
  for await (const chunk of await bound.stream(messages)) all = all ? all.concat(chunk) : chunk;
  return all;
}

async function turn(ask) {
  const messages = [new SystemMessage("Be brief."), new HumanMessage(question)];
  let m = await ask(messages);
  checkCalls(m.tool_calls.map((c) => ({ name: c.name, args: c.args })));
  messages.push(m);
  for (const c of m.tool_calls) messages.push(new ToolMessage({ tool_call_id: c.id, content: weather(c.args) }));
  m = await ask(messages);
  checkLast(m.text);
}

await run({
  plain: async () => assert.equal((await chat.invoke("Hi")).text, plain),
  tools: () => turn((m) => bound.invoke(m)),
  stream: () => turn(streamed),
});
