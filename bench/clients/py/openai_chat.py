"""The official OpenAI SDK on Chat Completions."""

import json

import openai

from turn import *

client = openai.OpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0)
tools = [{"type": "function", "function": {"name": "get_weather", "description": "The weather", "parameters": PARAMETERS}}]


def whole(**params):
    return client.chat.completions.create(**params)


def streamed(**params):
    with client.chat.completions.stream(**params, stream_options={"include_usage": True}) as s:
        return s.get_final_completion()


def turn(ask):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}]
    r = ask(model=MODEL, messages=messages, tools=tools)
    m = r.choices[0].message
    equal(m.content, FIRST)
    equal(r.choices[0].finish_reason, "tool_calls")
    check_calls((c.function.name, json.loads(c.function.arguments)) for c in m.tool_calls)
    check_usage(r.usage.prompt_tokens, r.usage.completion_tokens, r.usage.prompt_tokens_details.cached_tokens)
    messages.append({"role": "assistant", "content": m.content, "tool_calls": [
        {"id": c.id, "type": "function", "function": {"name": c.function.name, "arguments": c.function.arguments}} for c in m.tool_calls]})
    for c in m.tool_calls:
        messages.append({"role": "tool", "tool_call_id": c.id, "content": weather(json.loads(c.function.arguments)["city"])})
    check_last(ask(model=MODEL, messages=messages, tools=tools).choices[0].message.content)


def errors():
    try:
        client.chat.completions.create(model="no-such-model", messages=[{"role": "user", "content": "Hi"}])
    except openai.NotFoundError:
        return
    raise AssertionError("an unknown model was found")


run(
    plain=lambda: equal(whole(model=MODEL, messages=[{"role": "user", "content": "Hi"}]).choices[0].message.content, PLAIN),
    tools=lambda: turn(whole),
    stream=lambda: turn(streamed),
    models=lambda: [m.id for m in client.models.list()].index(MODEL),
    errors=errors,
)
