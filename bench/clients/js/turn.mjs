// What every client's script has in common: the scene that the upstreams play, and what is expected of it.
import assert from "node:assert/strict";

export const url = process.env.RETORT_URL;
export const model = process.env.RETORT_MODEL;
export const key = process.env.RETORT_KEY;
export const first = "I will look that up — один момент. 🔎";
export const echo = "The tools said ☀️ 晴れ: ";
export const plain = "A plain answer, grüß dich.";
export const question = "What is the weather in Paris and in São Paulo?";

export const parameters = {
  type: "object",
  properties: { city: { type: "string", description: "Name of a city" } },
  required: ["city"],
  additionalProperties: false,
};

export const cities = ["Paris", "São Paulo"];
export const weather = ({ city }) => (city === "Paris" ? "21°C in Paris" : `30°C in ${city}`);

// checkCalls checks the calls of the first turn: [{name, args}].
export function checkCalls(calls) {
  assert.deepEqual(calls.map((c) => c.name), ["get_weather", "get_weather"]);
  assert.deepEqual(calls.map((c) => c.args), cities.map((city) => ({ city })));
}

// checkLast checks that the model was shown both results.
export function checkLast(text) {
  assert.ok(text.startsWith(echo), `the last answer is ${JSON.stringify(text)}`);
  for (const city of cities) assert.ok(text.includes(weather({ city })), `no result for ${city} in ${JSON.stringify(text)}`);
}

export function checkUsage(input, output, cached) {
  assert.equal(input, 1000);
  assert.equal(output, 50);
  if (cached !== undefined && process.env.RETORT_CACHED !== "no") assert.equal(cached, 600);
}

// run runs the parts of a script and prints their names; the first that fails ends it.
export async function run(parts) {
  for (const [name, part] of Object.entries(parts)) {
    try {
      await part();
      console.log(`ok ${name}`);
    } catch (err) {
      console.log(`failed ${name}`);
      console.error(err);
      process.exit(1);
    }
  }
}
